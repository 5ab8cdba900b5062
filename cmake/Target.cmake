# Language level, warnings and sanitizers, all per target and in one place.
function(agn_target target)
    set_target_properties(${target} PROPERTIES C_STANDARD 17 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
    target_compile_definitions(${target} PRIVATE _POSIX_C_SOURCE=200809L AGN_VERSION="${PROJECT_VERSION}")
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2
        -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
        -Wpointer-arith -Wwrite-strings -Wundef -Wvla
        $<$<BOOL:${AGN_WERROR}>:-Werror> -fstack-protector-strong
        $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>
        -UNDEBUG)
    target_link_libraries(${target} PUBLIC m)
    if(AGN_SANITIZE)
        target_compile_options(${target} PRIVATE -fsanitize=${AGN_SANITIZE}
            -fno-sanitize-recover=all -fno-omit-frame-pointer)
        target_link_options(${target} PUBLIC -fsanitize=${AGN_SANITIZE})
    endif()
endfunction()

# agn_timeout(TEST SECONDS): how long a test may take where programs are as fast as usual.
function(agn_timeout test seconds)
    math(EXPR seconds "${seconds} * ${AGN_PATIENCE}")
    set_tests_properties(${test} PROPERTIES TIMEOUT ${seconds})
endfunction()

# agn_test(proto/test_reader LIBRARY...): tests/proto/test_reader.c becomes the test proto/test_reader.
function(agn_test path)
    string(REPLACE "/" "_" target ${path})
    add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/${path}.c)
    agn_target(${target})
    target_link_libraries(${target} PRIVATE ${ARGN} PkgConfig::CMOCKA)
    target_compile_definitions(${target} PRIVATE TESTS_DIR="${PROJECT_SOURCE_DIR}/tests" VECTORS_DIR="${PROJECT_SOURCE_DIR}/proto/vectors")
    add_test(NAME ${path} COMMAND ${AGN_UNDER} $<TARGET_FILE:${target}>)
    agn_timeout(${path} 60)
endfunction()
