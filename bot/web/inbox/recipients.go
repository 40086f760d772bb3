package inbox

import (
	"net/url"
	"slices"

	"parley/bot/shape"
	"parley/bridge"
)

// shownRecipients are the recipients of a reply as its form shows them, on channels where a reply can have several. The
// form has them as hidden fields and submits them with the text. A reply thus goes to the people its author saw, even if
// somebody joins the conversation while the author is typing.
type shownRecipients struct {
	Words string   // "Ann <ann@acme.test>, Bob <bob@acme.test>"; "" if the form shows no recipients
	To    []string // mail addresses
	Cc    []string
}

// maxRecipients is the maximum number of recipients in hidden fields. Longer lists are shown, but not submitted.
const maxRecipients = 500

// shownRecipientsOf returns the recipients for the form of a reply. If one of the addresses isn't valid, the form
// submits none of them, and the engine chooses the recipients.
func shownRecipientsOf(r bridge.Recipients) shownRecipients {
	shown := shownRecipients{Words: shape.AllRecipients(r), To: bridge.AddressesOf(r.To), Cc: bridge.AddressesOf(r.Cc)}
	if !areAddresses(shown.To, shown.Cc) {
		shown.To, shown.Cc = nil, nil
	}
	return shown
}

// areAddresses reports whether a form may submit these recipients: 1 to maxRecipients valid mail addresses.
func areAddresses(to, cc []string) bool {
	if len(to) == 0 || len(to)+len(cc) > maxRecipients {
		return false
	}
	return !slices.ContainsFunc(slices.Concat(to, cc), func(s string) bool { return !shape.IsAddress(s) })
}

// readShown sets the recipients of a reply to those in the submitted form. The engine refuses those who don't take part in
// the conversation. problem says what is wrong, as text for the page; "" means nothing.
func readShown(form url.Values, a *bridge.Act) (problem string) {
	to, cc := form["goes_to"], form["copy_to"]
	if len(to)+len(cc) == 0 {
		return ""
	}
	if !areAddresses(to, cc) {
		return notFromPage
	}
	a.Args.To = to
	a.Args.Cc = cc
	a.Args.Shown = bridge.RecipientsMark(to, cc)
	return ""
}
