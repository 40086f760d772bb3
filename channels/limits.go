package channels

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Units of sizes in bytes.
const (
	kilobyte = 1 << 10
	megabyte = 1 << 20
)

// fileLimit matches one limit: the kind of file, the maximum size and an optional unit. The default unit is bytes.
var fileLimit = regexp.MustCompile(`(?i)^\s*(image|video|audio|document)\s+([0-9]+)\s*(kb|mb)?\s*$`)

// ParseFileLimits parses a list of maximum file sizes from the configuration:
//
//	image 5MB, document 10 MB, video 500KB, audio 0
//
// A size of 0 forbids a kind. The result has no entry for kinds that s doesn't contain. If a kind is repeated, its last
// size counts.
func ParseFileLimits(s string) (FileLimits, error) {
	limits := FileLimits{}
	for limit := range strings.SplitSeq(s, ",") {
		match := fileLimit.FindStringSubmatch(limit)
		if match == nil {
			return nil, fmt.Errorf("channels: file limits: write image, video, audio or document and a size, like image 5MB, not %q",
				strings.TrimSpace(limit))
		}
		kind, digits, unit := strings.ToLower(match[1]), match[2], strings.ToLower(match[3])

		size, err := strconv.ParseInt(digits, 10, 32) // 32 bits, so that the unit can't overflow it
		if err != nil {
			return nil, fmt.Errorf("channels: file limits: %q is too large", strings.TrimSpace(limit))
		}
		switch unit {
		case "kb":
			size *= kilobyte
		case "mb":
			size *= megabyte
		}

		limits[FileKind(kind)] = size
	}

	return limits, nil
}

// SizeWords formats a number of bytes for people: "16 MB", "1.5 MB", "500 KB" or "12 bytes".
func SizeWords(bytes int64) string {
	switch {
	case bytes >= megabyte:
		return strings.TrimSuffix(strconv.FormatFloat(float64(bytes)/megabyte, 'f', 1, 64), ".0") + " MB"
	case bytes >= kilobyte:
		return strconv.FormatInt(bytes/kilobyte, 10) + " KB"
	}
	return strconv.FormatInt(bytes, 10) + " bytes"
}
