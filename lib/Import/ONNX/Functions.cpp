#include "NodeReader.h"
void tenon::importer::registerFunctions(Registry &) {}
