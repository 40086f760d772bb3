package card

import (
	"net/url"

	"parley/bridge"
)

// Home is what links into Teams need to know of the organisation.
type Home struct {
	Tenant string            // Entra tenant id
	Groups map[string]string // channel id → its team's Entra group id; may lack some
	Attach bool              // there is an upload page for files to a customer

	Private bool // only one person will see the rendered message; its buttons carry that
}

// Link gives the address of a message; "" where the place names none.
// Source: learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-teams, read 2026-11.
func (h Home) Link(p bridge.Place) string {
	id, root := p.Message, p.Thread
	if id == "" {
		id = root
	}
	if root == "" {
		root = id
	}
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
	return "https://teams.microsoft.com/l/message/" + url.QueryEscape(p.Channel) + "/" + url.QueryEscape(id) + "?" + q.Encode()
}
