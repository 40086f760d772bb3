package email

import (
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"

	"parley/channels/email/smtpcode"
)

// explain says for people why an IMAP session failed.
func explain(err error, to server, folder string) problem {
	var se *stageError
	if !errors.As(err, &se) {
		return problem{text: "Reading the mailbox failed: " + said(err.Error())}
	}
	if p, ok := explainNetwork(err, to); ok {
		return p
	}
	switch se.stage {
	case stageLogin:
		return explainLogin(err, to)
	case stageTLS:
		return problem{
			text: fmt.Sprintf("No protected connection to %s: %s", to.address(), said(se.err.Error())),
			hint: tlsHint(to),
		}
	case stageFolder:
		if refused(err) {
			return problem{
				text:        fmt.Sprintf("The folder %q can't be opened: %s", folder, said(wordsOf(err))),
				hint:        "Check the folder's name in the account's settings; most mailboxes use INBOX.",
				needsPerson: true,
			}
		}
	default: // connecting and fetching: the server's words are all there is
	}
	return problem{
		text: fmt.Sprintf("The connection to %s broke: %s", to.address(), said(wordsOf(err))),
		hint: "Parley tries again by itself.",
	}
}

// explainLogin tells a refused password from a server that can't check passwords now.
func explainLogin(err error, to server) problem {
	if errors.Is(err, errLoginDisabled) {
		return problem{
			text:        to.address() + " offers no password login on this connection.",
			hint:        loginDisabledHint(to),
			needsPerson: true,
		}
	}
	var no *imap.Error
	if !errors.As(err, &no) || passing(no) {
		return problem{
			text: fmt.Sprintf("%s does not let anybody in right now: %s", to.address(), said(wordsOf(err))),
			hint: "Parley tries again by itself.",
		}
	}
	return problem{
		text:        fmt.Sprintf("%s refuses the user name or the password: %s", to.address(), said(no.Text)),
		hint:        smtpcode.HintPassword,
		needsPerson: true,
	}
}

func loginDisabledHint(to server) string {
	if to.security == securityNone {
		return "Set security to starttls or tls."
	}
	return "Ask the provider how programs sign in to this mailbox."
}

// passing reports whether a refused login may work later with the same password.
func passing(no *imap.Error) bool {
	switch no.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeServerBug, imap.ResponseCodeInUse, imap.ResponseCodeLimit:
		return true
	}
	if no.Type == imap.StatusResponseTypeBye {
		return true
	}
	text := strings.ToLower(no.Text)
	return strings.Contains(text, "too many") || strings.Contains(text, "try again") || strings.Contains(text, "temporar")
}

// wordsOf returns the server's words in an error, or the error's own if the server said nothing.
func wordsOf(err error) string {
	var no *imap.Error
	if errors.As(err, &no) {
		return no.Text
	}
	var se *stageError
	if errors.As(err, &se) {
		return se.err.Error()
	}
	return err.Error()
}
