package message

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/channels"
)

// Each sample mail of PARLEY_TESTDATA gives something to read, and none fails.
//
// On 2026-11-23, 730 other mails were read, and subject, sender, words and files compared with what
// mailparser 3.14.2 of npm makes of them: those of mailparser, mime4j, enmime, stalwart's mail-parser,
// mail-mime-parser, flanker, talon, MimeKit, postal-mime, SpamScope's mail-parser, ddeboer/imap and php-imap;
// and the fixtures of talon's and of crisp's and zapier's email-reply-parser for what is cut as quoted.
// On 2026-11-25 the same was done with the 164 mails of mnako/letters, and with the fixtures of discourse's
// email_reply_trimmer and of Mailspring for what is cut.
func TestCorpus(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("PARLEY_TESTDATA")
	if folder == "" {
		t.Skip("PARLEY_TESTDATA is not set: the 103 sample mails are not here")
	}
	var files []string
	err := filepath.WalkDir(filepath.Join(folder, "mail"), func(path string, e os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".eml") {
			files = append(files, path)
		}
		return err
	})
	noError(t, err)

	d := newTestDecoder()
	readable := 0
	for _, path := range files {
		raw, err := os.ReadFile(path)
		noError(t, err)
		e, body := SplitPayload(raw)
		ins := d.decodeMail(e, body) // decodeMail doesn't catch panics, Decode does
		if problem := unreadable(ins); problem != "" {
			t.Errorf("%s: %s", filepath.Base(path), problem)
			continue
		}
		readable++
		if testing.Verbose() && os.Getenv("SHOW") != "" {
			for _, in := range ins {
				t.Logf("%s\n%s", filepath.Base(path), describe(in))
			}
		}
	}

	read := fmt.Sprintf("%d of %d sample mails are readable", readable, len(files))
	t.Log(read)
	if report := os.Getenv("PARLEY_SAMPLES_READ"); report != "" { // shown by .ci/run, as go test doesn't
		if err := os.WriteFile(report, []byte(read+"\n"), 0o600); err != nil {
			t.Error(err)
		}
	}

	if len(files) < 103 {
		t.Errorf("sample mails: got %d, want 103", len(files))
	}
}

// unreadable returns what a person would miss in the messages of a mail, or "".
func unreadable(ins []channels.Inbound) string {
	if len(ins) == 0 {
		return "nothing came of it"
	}
	for _, in := range ins {
		switch {
		case in.From.Key == "" && (in.Kind != channels.InboundElsewhere || in.Elsewhere.Origin == ""):
			return "no sender"
		case in.ExternalID == "":
			return "no id"
		case in.Text == "" && len(in.Attachments) == 0 && len(in.Notices) == 0:
			return "nothing to read"
		case !utf8.ValidString(in.Text + in.Subject + safeHTML(in) + in.From.Name):
			return "invalid UTF-8"
		case strings.ContainsRune(in.Text+in.Subject, 0):
			return "NUL"
		}
	}
	return ""
}
