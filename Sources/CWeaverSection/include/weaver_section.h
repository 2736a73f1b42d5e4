// The records of @Implements and @Serializable lie in a section of the binary. Swift cannot name the section's bounds,
// so C does.

#pragma once

/// An entry of the section: a function that registers one record.
typedef void (*_Nullable weaver_entry)(void);

/// The entries from the first one on, and past the last one; both null when the binary has none.
const weaver_entry *_Nullable weaver_section_start(void);
const weaver_entry *_Nullable weaver_section_end(void);
