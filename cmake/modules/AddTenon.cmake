# The few functions every CMakeLists.txt of Tenon is written with. Each is thin: sources in order, explicit dependencies.

separate_arguments(TENON_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
list(TRANSFORM TENON_LLVM_DEFINITIONS REPLACE "^-D" "")

# tenon_compile_options(TARGET): the include paths, definitions and warnings of all C++ in the project.
function(tenon_compile_options target)
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:include>)
  target_include_directories(${target} SYSTEM PUBLIC
    $<BUILD_INTERFACE:${LLVM_INCLUDE_DIRS}> $<BUILD_INTERFACE:${MLIR_INCLUDE_DIRS}>)
  target_compile_definitions(${target} PRIVATE ${TENON_LLVM_DEFINITIONS})
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wno-unused-parameter)
  if(TENON_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# tenon_use_pch(TARGET): compile with the one precompiled header (a pass file then takes 0.6 s instead of 5).
function(tenon_use_pch target)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_precompile_headers(${target} REUSE_FROM TenonPrecompiled)
    # The header was compiled as PIC; an executable would be PIE, which clang refuses to mix.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
    target_compile_options(${target} PRIVATE -fno-exceptions -fpch-instantiate-templates)
  endif()
endfunction()

# tenon_add_library(NAME source... [DEPENDS target...] [LINK_LIBS library...] [NO_PCH])
#   A static library of the compiler. LINK_LIBS names Tenon libraries and system libraries; libMLIR and libLLVM come by
#   themselves (shared, one copy of each for the whole process).
function(tenon_add_library name)
  cmake_parse_arguments(ARG "NO_PCH" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  tenon_compile_options(${name})
  if(NOT ARG_NO_PCH)
    tenon_use_pch(${name})
  endif()
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS} MLIR LLVM)
  set_property(GLOBAL APPEND PROPERTY TENON_LIBRARIES ${name})
endfunction()

# tenon_add_tool(NAME source... [LINK_LIBS library...] [NO_PCH]): an executable in bin/.
function(tenon_add_tool name)
  cmake_parse_arguments(ARG "NO_PCH" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  tenon_compile_options(${name})
  if(NOT ARG_NO_PCH)
    tenon_use_pch(${name})
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} MLIR LLVM)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  install(TARGETS ${name} EXPORT Tenon RUNTIME DESTINATION bin)
endfunction()

# tenon_add_unittest(NAME source... [LINK_LIBS library...]): a GoogleTest binary, run by ctest and by lit.
function(tenon_add_unittest name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  tenon_compile_options(${name})
  tenon_use_pch(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} GTest::gtest GTest::gtest_main MLIR LLVM)
  add_test(NAME ${name} COMMAND ${name})
  set_property(GLOBAL APPEND PROPERTY TENON_UNITTESTS ${name})
endfunction()

# tenon_tablegen(TARGET file.td [generator...]): runs mlir-tblgen beside the header folder the .td lives in.
# Each generator is OUTPUT=FLAGS, for instance "TenonOps.h.inc=-gen-op-decls".
function(tenon_tablegen target td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  foreach(generator IN LISTS ARGN)
    string(REGEX MATCH "^([^=]+)=(.*)$" _ "${generator}")
    set(output "${CMAKE_MATCH_1}")
    separate_arguments(flags NATIVE_COMMAND "${CMAKE_MATCH_2}")
    mlir_tablegen(${output} ${flags} EXTRA_INCLUDES ${PROJECT_SOURCE_DIR}/include ${MLIR_INCLUDE_DIRS})
  endforeach()
  add_public_tablegen_target(${target})
endfunction()
