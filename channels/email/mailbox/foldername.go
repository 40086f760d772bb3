package mailbox

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Names of folders have their own encoding, modified UTF-7 (RFC 3501 section 5.1.3): "&" is written "&-", and letters
// outside ASCII stand as "&…-" with UTF-16 in a kind of base64. "R&-D" is R&D, "Entw&APw-rfe" is Entwürfe.

var (
	startOfList   = regexp.MustCompile(`(?i)^\* LIST `)
	encodedPart   = regexp.MustCompile(`&([A-Za-z0-9+,]*)-`)
	adjacentParts = regexp.MustCompile(`&[A-Za-z0-9+,]+-&[A-Za-z0-9+,]`)
)

// isMisnamed reports whether a line of a response lists a folder whose name isn't encoded as it must be. Some servers show
// the name as a program wrote it when it made the folder, such as R&D. Yandex's encodes "&" together with the Cyrillic
// letters around it.
func isMisnamed(line []byte) bool {
	if !startOfList.Match(line) {
		return false
	}
	hasControls := bytes.ContainsFunc(bytes.TrimRight(line, "\r\n"), unicode.IsControl)
	if hasControls || !utf8.Valid(line) || adjacentParts.Match(line) {
		return true
	}
	for _, part := range encodedPart.FindAllSubmatch(line, -1) {
		if !isEncodedName(part[1]) {
			return true
		}
	}
	return bytes.IndexByte(encodedPart.ReplaceAll(line, nil), '&') >= 0
}

// isEncodedName reports whether base64 has letters outside ASCII in UTF-16, or is empty, which stands for "&".
func isEncodedName(digits []byte) bool {
	const unitBytes = 2
	standard := strings.ReplaceAll(string(digits), ",", "/")
	raw, err := base64.RawStdEncoding.DecodeString(standard)
	if err != nil || len(raw)%unitBytes != 0 {
		return false
	}

	var units []uint16
	for unit := range slices.Chunk(raw, unitBytes) {
		units = append(units, binary.BigEndian.Uint16(unit))
	}
	for _, r := range utf16.Decode(units) {
		isASCII := ' ' <= r && r <= '~'
		if isASCII || r == unicode.ReplacementChar {
			return false
		}
	}

	return true
}
