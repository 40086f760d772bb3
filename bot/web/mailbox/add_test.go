package mailbox

import (
	"strings"
	"testing"
)

// The server for sending may be left out, and no password goes readable to a server for which nobody
// said so.
func TestComplete(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ imap, smtp, want string }{ // host port security
		{"a 993 ", " 587 ", "a||a|"},
		{"a 1143 none", " 1025 ", "a|none|a|none"},
		{"a 1143 none", " 587 ", "a|none|a|"},
		{"a 1143 none", "A 1025 ", "a|none|A|none"},
		{"a 1143 none", "b 1025 ", "a|none|b|"},
		{"a 993 tls", "b 25 none", "a|tls|b|none"},
	} {
		given := map[string][]string{}
		for side, text := range map[string]string{"imap": c.imap, "smtp": c.smtp} {
			for i, value := range strings.Split(text, " ") {
				if value != "" {
					given["email."+side+"."+[]string{"host", "port", "security"}[i]] = []string{value}
				}
			}
		}
		completeServers(given)
		var got []string
		for _, name := range []string{"imap.host", "imap.security", "smtp.host", "smtp.security"} {
			got = append(got, strings.Join(given["email."+name], ""))
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%q and %q: %q, want %q", c.imap, c.smtp, got, c.want)
		}
	}
}
