# tenon_add_model(NAME model.onnx [OPTIONS option...])
#   A static library NAME of the compiled model, and a header NAME.h for whoever links to it. The model is compiled when
#   the project is built, and again when the file changes; the options are those of `tenon compile`.
function(tenon_add_model name model)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "" "OPTIONS")
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tenon_add_model(${name}) expects a model and OPTIONS, but got '${ARG_UNPARSED_ARGUMENTS}'")
  endif()
  get_filename_component(model "${model}" ABSOLUTE)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/tenon/${name}")
  file(MAKE_DIRECTORY "${folder}")
  add_custom_command(OUTPUT "${folder}/${name}.o" "${folder}/${name}.h"
    COMMAND Tenon::tenon compile "${model}" --emit=o,h -o "${folder}/${name}.o" ${ARG_OPTIONS}
    DEPENDS "${model}" Tenon::tenon
    COMMENT "Compiling the model ${name}"
    VERBATIM)
  add_library(${name} STATIC "${folder}/${name}.o" "${folder}/${name}.h")
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)
  target_include_directories(${name} PUBLIC "${folder}")
  target_link_libraries(${name} PUBLIC m)
endfunction()
