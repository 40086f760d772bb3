package operate

import (
	"cmp"
	"runtime/debug"
)

// version is set by the linker if the program is built without its repository, as in a container:
// -ldflags "-X parley/cmd/parley/operate.version=v1.2.3". Otherwise it is "".
var version string //nolint:gochecknoglobals // the linker can set only globals

// Version returns the version, and the revision of the repository, which is "" if the build didn't record it.
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

// String returns the version and the revision for people: `v1.2.3 4f2c…`.
func String() string {
	version, revision := Version()
	if revision == "" {
		return version
	}
	return version + " " + revision
}
