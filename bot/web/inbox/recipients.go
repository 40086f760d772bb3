package inbox

import (
	"net/url"
	"slices"

	"parley/bot/shape"
	"parley/bot/typed"
	"parley/bridge"
)

// shownRecipients has the recipients that the form of a reply shows, if a reply may have several. The form sends them
// back with the text. So the reply goes to those whom its author saw, even if others join the conversation meanwhile.
type shownRecipients struct {
	Words string   // for people; "" if the form shows no recipients
	To    []string // mail addresses
	Cc    []string // mail addresses
}

// maxRecipients is how many recipients a form sends at most. A longer list isn't sent.
const maxRecipients = 500

// shownRecipientsOf returns the recipients that the form of a reply shows now.
func shownRecipientsOf(r bridge.Recipients) shownRecipients {
	g := shownRecipients{Words: shape.AllRecipients(r), To: bridge.AddressesOf(r.To), Cc: bridge.AddressesOf(r.Cc)}
	if !areAddresses(g.To, g.Cc) {
		g.To, g.Cc = nil, nil // the forms of the chats send no odd addresses either
	}
	return g
}

// areAddresses reports whether these are recipients that a form may send.
func areAddresses(to, cc []string) bool {
	if len(to) == 0 || len(to)+len(cc) > maxRecipients {
		return false
	}
	return !slices.ContainsFunc(slices.Concat(to, cc), func(s string) bool { return !typed.IsAddress(s) })
}

// readShown reads the recipients that the form of a reply showed into a. Other recipients than those shown are
// accepted, as in the forms of the chats, if they are mail addresses. problem says for people what is wrong; "" means
// nothing is.
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
