package mailbox

import (
	"strings"
	"testing"

	"parley/channels/email/settings"
)

func TestExplainLogin(t *testing.T) {
	t.Parallel()
	for _, security := range []string{"none", "starttls"} {
		p := explain(atStage(stageLogin, errLoginDisabled), settings.Server{Host: "h", Port: "143", Security: security}, "INBOX")
		if !p.NeedsPerson || p.Hint == "" || !strings.Contains(p.Text, "no password login") {
			t.Errorf("%s: %+v", security, p)
		}
	}
}
