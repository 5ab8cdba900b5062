# libagn: the agent's spool as a library, shared and static. It is built from the same sources as the programs, with all
# names hidden but those of agn.h. What the agent does beside the spool (commands, courier, endpoint) stays out.
include(GNUInstallDirs)

set(libagn_sources libagn.c)
set(libagn_links)
foreach(part proto common agent_core)
    get_target_property(part_sources ${part} SOURCES)
    get_target_property(part_folder ${part} SOURCE_DIR)
    get_target_property(part_links ${part} LINK_LIBRARIES)
    list(FILTER part_sources INCLUDE REGEX "\\.c$")
    if(part STREQUAL "agent_core")
        list(FILTER part_sources EXCLUDE REGEX "^(cmd_|input_table|http|watch|openapi|courier|session|arguments|office|main)")
    endif()
    list(TRANSFORM part_sources PREPEND ${part_folder}/)
    list(APPEND libagn_sources ${part_sources})
    list(APPEND libagn_links ${part_links})
endforeach()
list(FILTER libagn_links INCLUDE REGEX "^(PkgConfig|Threads)::")
list(REMOVE_DUPLICATES libagn_links)
list(REMOVE_ITEM libagn_links PkgConfig::MICROHTTPD)

add_library(agn_objects OBJECT ${libagn_sources})
agn_target(agn_objects)
set_target_properties(agn_objects PROPERTIES C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
target_compile_options(agn_objects PRIVATE -fno-lto)
target_link_libraries(agn_objects PRIVATE ${libagn_links})

# The soname changes when something that agn.h promised is taken back, never before.
add_library(agn SHARED $<TARGET_OBJECTS:agn_objects>)
set_target_properties(agn PROPERTIES LINKER_LANGUAGE C VERSION 1.0.0 SOVERSION 1)
target_link_libraries(agn PRIVATE ${libagn_links} m)
target_link_options(agn PRIVATE -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/libagn.map)
set_target_properties(agn PROPERTIES LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/libagn.map)
if(AGN_SANITIZE)
    target_link_options(agn PRIVATE -fsanitize=${AGN_SANITIZE})
else()
    target_link_options(agn PRIVATE -Wl,--no-undefined) # clang's sanitizers are in the program, not in a library
endif()

# One object, in which the hidden names have become local: an archive has no other way to hide them.
set(libagn_archive ${CMAKE_CURRENT_BINARY_DIR}/libagn.a)
add_custom_command(OUTPUT ${libagn_archive}
    COMMAND ${CMAKE_LINKER} -r -o libagn.o $<TARGET_OBJECTS:agn_objects>
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden libagn.o
    COMMAND ${CMAKE_COMMAND} -E rm -f ${libagn_archive}
    COMMAND ${CMAKE_AR} rcs ${libagn_archive} libagn.o
    DEPENDS agn_objects $<TARGET_OBJECTS:agn_objects>
    WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(agn_static ALL DEPENDS ${libagn_archive})

# What a static link takes, as plain flags: whoever links the shared library needs none of their packages.
set(libagn_private_flags -lm)
foreach(link ${libagn_links})
    if(link MATCHES "^PkgConfig::(.*)$")
        list(APPEND libagn_private_flags ${${CMAKE_MATCH_1}_LDFLAGS})
    else()
        list(APPEND libagn_private_flags -pthread)
    endif()
endforeach()
list(REMOVE_DUPLICATES libagn_private_flags)
list(JOIN libagn_private_flags " " libagn_private_flags)
file(RELATIVE_PATH libagn_up /x/${CMAKE_INSTALL_LIBDIR}/pkgconfig /x)
configure_file(libagn.pc.in libagn.pc @ONLY)

install(TARGETS agn LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libagn)
install(FILES ${libagn_archive} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libagn)
install(FILES agn.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT libagn)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libagn.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libagn)
