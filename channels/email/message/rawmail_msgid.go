package message

import (
	"strings"
	"unicode"
)

// maxReferences is the maximum number of IDs that are read from one field. The last ones are kept.
const rawmailMaxReferences = 100

// The limits of a field with IDs: the bytes that are read, from its end, and the length of one ID.
const (
	maxIDFieldBytes   = 128 << 10
	rawmailMaxIDBytes = 500
)

// MessageIDs returns the message IDs in a field, in order and without angle brackets. It returns at most the last
// maxReferences.
func MessageIDs(v string, guess *Guesser) []string {
	if len(v) > maxIDFieldBytes {
		v = v[len(v)-maxIDFieldBytes:]
	}

	ids := bracketedIDs(v)
	if len(ids) == 0 {
		ids = unbracketedIDs(v)
	}
	if len(ids) > rawmailMaxReferences {
		ids = ids[len(ids)-rawmailMaxReferences:]
	}

	for i, id := range ids {
		ids[i] = ToUTF8([]byte(id), "", guess)
	}
	return ids
}

// bracketedIDs returns the IDs in angle brackets: <1@x.test> <2@x.test>. It removes spaces within an ID, and skips IDs
// that are too long.
func bracketedIDs(v string) []string {
	var ids []string
	for {
		_, after, ok := strings.Cut(v, "<")
		if !ok {
			return ids
		}
		end := strings.IndexAny(after, "<>")
		if end < 0 {
			return ids
		}
		if after[end] == '>' {
			id := strings.Join(strings.Fields(after[:end]), "")
			if id != "" && len(id) <= rawmailMaxIDBytes {
				ids = append(ids, id)
			}
		}
		v = after[end:]
	}
}

// unbracketedIDs returns the IDs in a field without angle brackets: 1@x.test, 2@x.test.
func unbracketedIDs(v string) []string {
	var ids []string
	isSeparator := func(r rune) bool { return unicode.IsSpace(r) || r == ',' }
	for _, id := range strings.FieldsFunc(v, isSeparator) {
		id = strings.Trim(id, "<>")
		if strings.Contains(id, "@") && len(id) <= rawmailMaxIDBytes {
			ids = append(ids, id)
		}
	}
	return ids
}

// References returns the IDs of the mails that a mail answers, most reliable first: In-Reply-To, then References from
// right to left. Duplicates are removed.
func References(h Header) []string {
	ids := MessageIDs(h.Raw("In-Reply-To"), h.Guess)
	refs := MessageIDs(strings.Join(h.All("References"), " "), h.Guess)
	for i := len(refs) - 1; i >= 0; i-- {
		ids = append(ids, refs[i])
	}
	seen := map[string]bool{}
	var out []string
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}
