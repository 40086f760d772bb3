package engine

import (
	"testing"

	"parley/channels"
	"parley/store"
)

// sms is a channel that sends Markdown without its escapes.
type sms struct{ channels.Channel }

func (sms) Capabilities() channels.Capabilities { return channels.Capabilities{MaxTextRunes: 5} }

func (sms) TextRunes(text string) int { return len(text) - 2 }

// A text is measured as it leaves: escapes that the channel doesn't send aren't counted.
func TestLengthOfTextThatLeaves(t *testing.T) {
	t.Parallel()
	for text, fits := range map[string]bool{`a\_b\_c`: true, `a\_b\_cd`: false} {
		if problem := OverLimits(sms{}, "SMS", nil, text, nil); (problem == nil) != fits {
			t.Errorf("%q: got the problem %v, want it to fit: %v", text, problem, fits)
		}
	}
}

// pictures is a channel that takes smaller pictures than documents.
type pictures struct{ channels.Channel }

func (pictures) Capabilities() channels.Capabilities {
	limits := channels.FileLimits{channels.FileImage: 5, channels.FileDocument: 16}
	return channels.Capabilities{Files: channels.FileRules{PerMessage: 1, Limits: limits}}
}

// If the chat tells no type of a file, the file's name decides which bound counts.
func TestBoundOfUntoldType(t *testing.T) {
	t.Parallel()
	for name, fits := range map[string]bool{"a.pdf": true, "a.jpg": false} {
		files := []store.FileRef{{Name: name, ContentType: "application/octet-stream", SizeBytes: 6}}
		if problem := OverLimits(pictures{}, "MMS", nil, "", files); (problem == nil) != fits {
			t.Errorf("%s: got the problem %v, want it to fit: %v", name, problem, fits)
		}
	}
}
