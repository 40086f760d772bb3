package mailbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/email/message"
)

// This file explains the failure of an IMAP session to an administrator. For example, an error at the login such as
// "NO [AUTHENTICATIONFAILED] Invalid credentials" becomes a Problem with
//
//	Text         imap.acme.test:993 refuses the user name or the password: Invalid credentials
//	Hint         how to get a password that works
//	NeedsPerson  true, because retrying doesn't help

// explain returns the explanation of an error of a session.
func (box *Mailbox) explain(err error) Problem {
	var consent *channels.SendError
	var refused *TokenRefused
	switch {
	case errors.As(err, &consent): // there is no access token: the server was not asked
		return Problem{Text: consent.Text, Hint: consent.Hint, NeedsPerson: consent.Class == channels.AuthBroken}
	case errors.As(err, &refused):
		server := box.set.IMAP
		return Problem{
			Text:        fmt.Sprintf("%s refuses the sign-in of %s: %s", server.Address(), server.Username, message.Excerpt(refused.Words)),
			Hint:        RefusedTokenHint(box.set, "IMAP"),
			NeedsPerson: true,
		}
	}

	p := explain(err, box.set.IMAP, box.set.Folder)
	if p.Hint == message.HintPassword {
		p.Hint = PasswordHint(box.set)
	}

	return p
}

// explain is Mailbox.explain for all errors except those of access tokens.
func explain(err error, server message.Server, folder string) Problem {
	var failed *stageError
	if !errors.As(err, &failed) {
		return Problem{Text: "Reading the mailbox failed: " + message.Excerpt(err.Error())}
	}
	if p, ok := Explain(err, server); ok {
		return p
	}

	switch {
	case failed.stage == stageLogin:
		return explainLogin(err, server)
	case failed.stage == stageTLS:
		return Problem{
			Text: fmt.Sprintf("No protected connection to %s: %s", server.Address(), message.Excerpt(failed.err.Error())),
			Hint: TLSHint(server),
		}
	case failed.stage == stageFolder && (isRefusal(err) || isNotConnected(err)):
		return folderProblem(err, server, folder)
	case failed.stage == stageWork && isRefusal(err):
		return Problem{
			Text: fmt.Sprintf("%s hands out no mail at the moment: %s", server.Address(), message.Excerpt(serverWords(err))),
			Hint: "Parley tries again by itself. New mail stays in the mailbox until then.",
		}
	}

	return Problem{
		Text: fmt.Sprintf("The connection to %s broke: %s", server.Address(), message.Excerpt(serverWords(err))),
		Hint: "Parley tries again by itself. If it stays so, check server and port: an IMAP server must listen there.",
	}
}

// folderProblem explains why a server refused to open a folder.
func folderProblem(err error, server message.Server, folder string) Problem {
	words := message.Excerpt(serverWords(err))
	switch {
	case isAboutFolder(err):
		return Problem{
			Text:        fmt.Sprintf("The folder %q can't be opened: %s", folder, words),
			Hint:        "Check the folder's name in the account's settings; most mailboxes use INBOX.",
			NeedsPerson: true,
		}
	case isNotConnected(err):
		return Problem{
			Text: fmt.Sprintf("The mailbox lets %s in, but not to its mail: %s", server.Username, words),
			Hint: "Parley tries again by itself. If it stays so, check whether oauth_user has full access to the mailbox.",
		}
	default:
		return Problem{
			Text: fmt.Sprintf("The folder %q can't be opened at the moment: %s", folder, words),
			Hint: "Parley tries again by itself.",
		}
	}
}

// isAboutFolder reports whether a server seems to refuse a folder because of its name or of missing permissions.
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

// isNotConnected reports whether the login succeeded but the mailbox isn't available. Microsoft 365 answers this while it
// moves or repairs a mailbox, and if the owner of the token may not open the mailbox.
func isNotConnected(err error) bool {
	var no *imap.Error
	return errors.As(err, &no) && strings.Contains(no.Text, "authenticated but not connected")
}

// explainLogin explains why a login failed: the password may be wrong, or the server may be unable to check it now.
func explainLogin(err error, to message.Server) Problem {
	if errors.Is(err, errNoXOAUTH2) {
		return Problem{
			Text:        to.Address() + " takes no access tokens on this connection (XOAUTH2).",
			Hint:        "Check server, port and security in the account's settings: without them Parley knows the provider's own.",
			NeedsPerson: true,
		}
	}

	if errors.Is(err, errLoginDisabled) {
		return Problem{
			Text:        to.Address() + " offers no password login on this connection.",
			Hint:        loginDisabledHint(to),
			NeedsPerson: true,
		}
	}

	var no *imap.Error
	if !errors.As(err, &no) || isTemporary(no) {
		return Problem{
			Text: fmt.Sprintf("%s does not let anybody in right now: %s", to.Address(), message.Excerpt(serverWords(err))),
			Hint: "Parley tries again by itself.",
		}
	}

	return Problem{
		Text:        fmt.Sprintf("%s refuses the user name or the password: %s", to.Address(), message.Excerpt(no.Text)),
		Hint:        message.HintPassword,
		NeedsPerson: true,
	}
}

// loginDisabledHint returns what to do about errLoginDisabled.
func loginDisabledHint(to message.Server) string {
	if to.Security == message.Unprotected {
		return "Set security to starttls or tls."
	}
	return "Ask the provider how programs sign in to this mailbox."
}

// isTemporary reports whether a refused login may succeed later with the same password.
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

// serverWords returns the server's text in an error or, if there is none, the text of the error.
func serverWords(err error) string {
	if no, ok := errors.AsType[*imap.Error](err); ok {
		return no.Text
	}
	if se, ok := errors.AsType[*stageError](err); ok {
		return se.err.Error()
	}
	return err.Error()
}
