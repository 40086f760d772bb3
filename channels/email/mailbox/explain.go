package mailbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/email/rawmail"
	"parley/channels/email/settings"
	"parley/channels/email/smtpcode"
	"parley/channels/email/wire"
)

// explain says for people why an IMAP session failed.
func (c *Mailbox) explain(err error) wire.Problem {
	var consent *channels.SendError
	var refused *wire.TokenRefused
	switch {
	case errors.As(err, &consent): // there is no access token, so nothing was tried at the server
		return wire.Problem{Text: consent.Text, Hint: consent.Hint, NeedsPerson: consent.Class == channels.AuthBroken}
	case errors.As(err, &refused):
		return wire.Problem{
			Text:        fmt.Sprintf("%s refuses the sign-in of %s: %s", c.set.IMAP.Address(), c.set.IMAP.Username, rawmail.Excerpt(refused.Words)),
			Hint:        wire.RefusedTokenHint(c.set, "IMAP"),
			NeedsPerson: true,
		}
	}

	p := explain(err, c.set.IMAP, c.set.Folder)
	if p.Hint == smtpcode.HintPassword {
		p.Hint = wire.PasswordHint(c.set)
	}

	return p
}

// explain is Mailbox.explain for sessions that had signed in, or had tried to do so by password.
func explain(err error, to settings.Server, folder string) wire.Problem {
	var se *stageError
	if !errors.As(err, &se) {
		return wire.Problem{Text: "Reading the mailbox failed: " + rawmail.Excerpt(err.Error())}
	}
	if p, ok := wire.Explain(err, to); ok {
		return p
	}

	switch se.stage {
	case stageLogin:
		return explainLogin(err, to)
	case stageTLS:
		return wire.Problem{
			Text: fmt.Sprintf("No protected connection to %s: %s", to.Address(), rawmail.Excerpt(se.err.Error())),
			Hint: wire.TLSHint(to),
		}
	case stageFolder:
		if isAboutFolder(err) {
			return wire.Problem{
				Text:        fmt.Sprintf("The folder %q can't be opened: %s", folder, rawmail.Excerpt(serverWords(err))),
				Hint:        "Check the folder's name in the account's settings; most mailboxes use INBOX.",
				NeedsPerson: true,
			}
		}
		if isNotConnected(err) {
			return wire.Problem{
				Text: fmt.Sprintf("The mailbox lets %s in, but not to its mail: %s", to.Username, rawmail.Excerpt(serverWords(err))),
				Hint: "Parley tries again by itself. If it stays so, check whether oauth_user has full access to the mailbox.",
			}
		}
		if isRefusal(err) {
			return wire.Problem{
				Text: fmt.Sprintf("The folder %q can't be opened at the moment: %s", folder, rawmail.Excerpt(serverWords(err))),
				Hint: "Parley tries again by itself.",
			}
		}
	case stageWork:
		if isRefusal(err) {
			return wire.Problem{
				Text: fmt.Sprintf("%s hands out no mail at the moment: %s", to.Address(), rawmail.Excerpt(serverWords(err))),
				Hint: "Parley tries again by itself. New mail stays in the mailbox until then.",
			}
		}
	default: // connecting: the server's words are all there is
	}

	return wire.Problem{
		Text: fmt.Sprintf("The connection to %s broke: %s", to.Address(), rawmail.Excerpt(serverWords(err))),
		Hint: "Parley tries again by itself. If it stays so, check server and port: an IMAP server must listen there.",
	}
}

// isAboutFolder reports whether a server seems to have refused to open a folder because of its name, or because we may not read it.
func isAboutFolder(err error) bool {
	var no *imap.Error
	if !errors.As(err, &no) || no.Type != imap.StatusResponseTypeNo || isNotConnected(err) || isThrottled(err) {
		return false
	}
	switch no.Code {
	case "", imap.ResponseCodeNonExistent, imap.ResponseCodeTryCreate, imap.ResponseCodeCannot, imap.ResponseCodeNoPerm:
		return true
	}
	return false
}

// isNotConnected reports whether a server let us in but doesn't give us the mailbox. Microsoft 365 says so while it moves or repairs a
// mailbox, and if the token's owner may not open the mailbox.
func isNotConnected(err error) bool {
	var no *imap.Error
	return errors.As(err, &no) && strings.Contains(no.Text, "authenticated but not connected")
}

// explainLogin says why a login failed. It tells a refused password from a server that can't check passwords now.
func explainLogin(err error, to settings.Server) wire.Problem {
	if errors.Is(err, errNoXOAUTH2) {
		return wire.Problem{
			Text:        to.Address() + " takes no access tokens on this connection (XOAUTH2).",
			Hint:        "Check server, port and security in the account's settings: without them Parley knows the provider's own.",
			NeedsPerson: true,
		}
	}

	if errors.Is(err, errLoginDisabled) {
		return wire.Problem{
			Text:        to.Address() + " offers no password login on this connection.",
			Hint:        loginDisabledHint(to),
			NeedsPerson: true,
		}
	}

	var no *imap.Error
	if !errors.As(err, &no) || isTemporary(no) {
		return wire.Problem{
			Text: fmt.Sprintf("%s does not let anybody in right now: %s", to.Address(), rawmail.Excerpt(serverWords(err))),
			Hint: "Parley tries again by itself.",
		}
	}

	return wire.Problem{
		Text:        fmt.Sprintf("%s refuses the user name or the password: %s", to.Address(), rawmail.Excerpt(no.Text)),
		Hint:        smtpcode.HintPassword,
		NeedsPerson: true,
	}
}

// loginDisabledHint says what to do if a server takes no password on a connection.
func loginDisabledHint(to settings.Server) string {
	if to.Security == settings.Unprotected {
		return "Set security to starttls or tls."
	}
	return "Ask the provider how programs sign in to this mailbox."
}

// isTemporary reports whether a refused login may work later with the same password.
func isTemporary(no *imap.Error) bool {
	switch no.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeServerBug, imap.ResponseCodeInUse, imap.ResponseCodeLimit:
		return true
	}
	if no.Type == imap.StatusResponseTypeBye {
		return true
	}
	text := strings.ToLower(no.Text)
	return slices.ContainsFunc([]string{"too many", "try again", "temporar"}, func(words string) bool {
		return strings.Contains(text, words)
	})
}

// serverWords returns the words of the server in an error, or the error's own words if the server said nothing.
func serverWords(err error) string {
	if no, ok := errors.AsType[*imap.Error](err); ok {
		return no.Text
	}
	if se, ok := errors.AsType[*stageError](err); ok {
		return se.err.Error()
	}
	return err.Error()
}
