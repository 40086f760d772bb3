package inbox

import (
	"net/url"
	"slices"

	"parley/bot/shape"
	"parley/bot/typed"
	"parley/bridge"
)

// goesTo is whom the form of a reply shows as its recipients, where a reply may have several. The form hands them in with
// the text: the reply goes to whom its author saw, whoever writes in the conversation meanwhile.
type goesTo struct {
	Words string // for people; "" = the form shows nobody
	To    []string
	Cc    []string
}

// mostShown is how many recipients a form hands in at most; a longer list isn't handed in.
const mostShown = 500

// goesToOf returns the recipients that the form of a reply shows now.
func goesToOf(r bridge.Recipients) goesTo {
	g := goesTo{shape.Recipients(r), addressesOf(r.To), addressesOf(r.Cc)}
	if !areAddresses(g.To, g.Cc) {
		g.To, g.Cc = nil, nil // odd addresses, as the forms of the chats leave them out too
	}
	return g
}

func addressesOf(list []bridge.PartyRef) []string {
	addresses := make([]string, len(list))
	for i, p := range list {
		addresses[i] = p.Address
	}
	return addresses
}

func areAddresses(to, cc []string) bool {
	return len(to) > 0 && len(to)+len(cc) <= mostShown && !slices.ContainsFunc(slices.Concat(to, cc), func(s string) bool { return !typed.IsAddress(s) })
}

// readShown reads the recipients that the form of a reply showed. An agent may name anybody, as in the forms of the
// chats; what is no mail address is refused.
func readShown(form url.Values, a *bridge.Act) (problem string) {
	to, cc := form["goes_to"], form["copy_to"]
	switch {
	case a.Verb != bridge.VerbReply || len(to)+len(cc) == 0:
		return ""
	case !areAddresses(to, cc):
		return "This is not what the page sends. Send it again from here."
	}
	a.Args.To, a.Args.Cc, a.Args.Shown = to, cc, bridge.RecipientsMark(to, cc)
	return ""
}
