// Package build tells which build of Parley this program is.
//
// What does not belong here: the version of the schema (store/schema).
package build

import (
	"cmp"
	"runtime/debug"
)

// version is written by the linker where a program is built without its repository, as in a container:
// -ldflags "-X parley/cmd/parley/build.version=v1.2.3". Else it is "".
var version string //nolint:gochecknoglobals // the linker can write into nothing else

// Version returns the version, and the revision of the repository; "" if the build didn't record it.
func Version() (string, string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return cmp.Or(version, "unknown"), ""
	}

	revision := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	return cmp.Or(version, info.Main.Version), revision
}

// String returns both as people read them: `v1.2.3 4f2c…`.
func String() string {
	version, revision := Version()
	if revision == "" {
		return version
	}
	return version + " " + revision
}
