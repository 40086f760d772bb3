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

// fileLimit matches one limit: a kind of file, its largest size, and the unit. Without a unit, the size is in bytes.
var fileLimit = regexp.MustCompile(`(?i)^\s*(image|video|audio|document)\s+([0-9]+)\s*(kb|mb)?\s*$`)

// ParseFileLimits reads file limits as people write them. The result has only the kinds that s names; if it names one twice,
// the later size counts. A size of 0 forbids a kind.
// Shape: image 5MB, document 10 MB, video 500KB, audio 0
func ParseFileLimits(s string) (FileLimits, error) {
	limits := FileLimits{}
	for limit := range strings.SplitSeq(s, ",") {
		match := fileLimit.FindStringSubmatch(limit)
		if match == nil {
			return nil, fmt.Errorf("channels: file limits: write image, video, audio or document and a size, like image 5MB, not %q",
				strings.TrimSpace(limit))
		}
		kind, digits, unit := strings.ToLower(match[1]), match[2], strings.ToLower(match[3])

		number, err := strconv.ParseInt(digits, 10, 32) // leaves room for the unit
		if err != nil {
			return nil, fmt.Errorf("channels: file limits: %q is too large", strings.TrimSpace(limit))
		}
		switch unit {
		case "kb":
			number *= kilobyte
		case "mb":
			number *= megabyte
		}

		limits[FileKind(kind)] = number
	}

	return limits, nil
}

// SizeWords writes a number of bytes for people.
// Shape: 16 MB; 500 KB; 12 bytes
func SizeWords(bytes int64) string {
	switch {
	case bytes >= megabyte:
		return strings.TrimSuffix(strconv.FormatFloat(float64(bytes)/megabyte, 'f', 1, 64), ".0") + " MB"
	case bytes >= kilobyte:
		return strconv.FormatInt(bytes/kilobyte, 10) + " KB"
	}
	return strconv.FormatInt(bytes, 10) + " bytes"
}
