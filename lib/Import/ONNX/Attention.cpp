#include "NodeReader.h"
void tenon::importer::registerAttention(Registry &) {}
