package channels

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseFileLimits reads file limits as people write them. The result has only the kinds that s names.
// Shape: image 5MB, document 10MB, video 16MB
// Errors: what is wrong, for people.
func ParseFileLimits(s string) (FileLimits, error) {
	limits := FileLimits{}
	for part := range strings.SplitSeq(s, ",") {
		fields := strings.Fields(strings.ToLower(part))
		if len(fields) == 3 { // "document 10 MB" has a blank before the unit
			fields = []string{fields[0], fields[1] + fields[2]}
		}
		if len(fields) != 2 {
			return nil, fmt.Errorf("channels: file limits: %q is no kind and size", strings.TrimSpace(part))
		}

		kind := FileKind(fields[0])
		switch kind {
		case FileImage, FileVideo, FileAudio, FileDocument:
		default:
			return nil, fmt.Errorf("channels: file limits: %q is no kind of file", fields[0])
		}

		size, err := parseBytes(fields[1])
		if err != nil {
			return nil, err
		}

		limits[kind] = size
	}

	return limits, nil
}

// Units of sizes in bytes.
const (
	kilobyte = 1 << 10
	megabyte = 1 << 20
	maxUnits = 1 << 31 // the largest number of units that is read, so that the size in bytes can't overflow
)

// parseBytes reads a size like 500kb, 16mb or 1024 (bytes). 0 forbids files of a kind.
func parseBytes(s string) (int64, error) {
	unit := int64(1)
	if number, ok := strings.CutSuffix(s, "kb"); ok {
		s, unit = number, kilobyte
	} else if number, ok := strings.CutSuffix(s, "mb"); ok {
		s, unit = number, megabyte
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > maxUnits {
		return 0, fmt.Errorf("channels: file limits: %q is no size", s)
	}
	return n * unit, nil
}

// SizeWords writes a number of bytes for people.
// Shape: 16 MB; 500 KB; 12 bytes
func SizeWords(bytes int64) string {
	if bytes >= megabyte {
		return strings.TrimSuffix(strconv.FormatFloat(float64(bytes)/megabyte, 'f', 1, 64), ".0") + " MB"
	}
	if bytes >= kilobyte {
		return strconv.FormatInt(bytes/kilobyte, 10) + " KB"
	}
	return strconv.FormatInt(bytes, 10) + " bytes"
}
