// A test's process that is a replica never gets to main: it leaves in a constructor. Constructors that come after that
// one would not have run, and only C can name the bounds of their table.

#pragma once

/// A constructor, as the system calls it before main.
typedef void (*_Nonnull weaver_constructor)(
    int count, char *_Nullable *_Nullable arguments, char *_Nullable *_Nullable environment);

/// Runs the program's constructors that come after `self`, which is one of them; none where the table cannot be found.
void weaver_run_constructors_after(
    weaver_constructor self, int count, char *_Nullable *_Nullable arguments, char *_Nullable *_Nullable environment);
