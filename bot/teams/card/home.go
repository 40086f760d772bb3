package card

import (
	"cmp"
	"net/url"

	"parley/bot/view"
	"parley/bridge"
)

// Home is what cards need to know of the organisation, above all for links into Teams.
type Home struct {
	Client string            // host at which people open Teams; "" means that of the public cloud
	Tenant string            // Entra tenant id
	Groups map[string]string // channel id → its team's Entra group id; may lack some
	Attach bool              // there is a page on which agents upload files for a customer

	Private bool // only one person will see the rendered message, and its buttons say so
}

// Link returns the address of a message; "" if the place has none.
// Source: learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-teams, read 2026-11.
func (h Home) Link(p bridge.Place) string {
	id, root := p.Message, p.Thread
	id = cmp.Or(id, root)
	root = cmp.Or(root, id)

	if p.Channel == "" || id == "" {
		return ""
	}

	q := url.Values{"parentMessageId": {root}}
	if h.Tenant != "" {
		q.Set("tenantId", h.Tenant)
	}
	if g := h.Groups[p.Channel]; g != "" {
		q.Set("groupId", g)
	}

	host := cmp.Or(h.Client, "teams.microsoft.com")
	return "https://" + host + "/l/message/" + url.QueryEscape(p.Channel) + "/" + url.QueryEscape(id) + "?" + q.Encode()
}

// chatLink returns the address of the reader's chat with an agent, with a text that names what is at the piece's place; "" if Teams
// doesn't know the agent.
// Source: learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-teams, read 2026-11.
func (h Home) chatLink(p view.Piece) string {
	if p.Agent.Email == "" || p.Agent.User == "" {
		return ""
	}
	q := url.Values{"users": {p.Agent.Email}}
	if about := h.Link(p.Place); about != "" {
		q.Set("message", about)
	}
	if h.Tenant != "" {
		q.Set("tenantId", h.Tenant)
	}
	return "https://" + cmp.Or(h.Client, "teams.microsoft.com") + "/l/chat/0/0?" + q.Encode()
}
