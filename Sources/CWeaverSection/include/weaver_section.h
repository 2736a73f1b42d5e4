// The records of @Implements and @Serializable lie in a section of the binary. Swift cannot name the section's bounds,
// so C does.

#pragma once

/// An entry of the section: a function that registers one record.
typedef void (*_Nullable weaver_entry)(void);

/// The entries from the first one on, and past the last one; both null when the binary has none.
const weaver_entry *_Nullable weaver_section_start(void);
const weaver_entry *_Nullable weaver_section_end(void);

/// Copies the build id that the linker has written into the running program; gives its length, 0 when there is none.
int weaver_build_id(unsigned char *_Nonnull bytes, int capacity);

/// A hash of a file's content, 16 bytes; 0, or -1 when the file cannot be read. In C, because every process needs it at
/// its start, and a loop over tens of megabytes takes seconds in a debug build of Swift.
int weaver_content_hash(const char *_Nonnull path, unsigned char *_Nonnull bytes);

/// Has each line on standard output written when it is complete. Into a pipe, which a deployer's is, the C library
/// writes some kilobytes at a time otherwise: what was printed reached the log late, or never when the process was
/// killed. In C, because Swift takes the stream for a variable that threads share.
void weaver_print_lines_at_once(void);
