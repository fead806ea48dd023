package store

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
static void keep_freed(void) { mallopt(M_TRIM_THRESHOLD, 8 << 20); mallopt(M_MMAP_THRESHOLD, 2 << 20); }
static void give_freed(void) { malloc_trim(0); }
#else
static void keep_freed(void) {}
static void give_freed(void) {}
#endif
*/
import "C"

// SQLite frees the pages of a reading connection whenever somebody has written,
// and glibc gives every 128 KiB of them back to the system, to ask for them again
// at once. Here it keeps up to 8 MiB, until ReleaseMemory. mallopt(3).
func init() { C.keep_freed() }

func giveFreed() { C.give_freed() }
