package teamsfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// connector answers the Bot Connector's calls.
type connector struct {
	*ground
	org     *organisation
	files   *library
	entra   *Entra
	journal *journal
	reader  *reader
	rates   map[string][]time.Time // calls by rule
}

// reset forgets the calls that count against limits. Caller holds the lock.
func (c *connector) reset() { c.rates = map[string][]time.Time{} }

// routes are the Bot Connector's.
// Source: Bot Connector API reference; npm @microsoft/teams.api 2.1.0 for reactions, targeted
// messages and which of objectId and aadObjectId a member carries, read 2026-11.
func (c *connector) routes(mux *http.ServeMux) {
	const base = "/connector/{region}/{tenant}/v3/"
	bot := func(verb, path, method string, h func(http.ResponseWriter, *http.Request)) {
		mux.HandleFunc(verb+" "+base+path, c.journal.call(method, c.asBot(h)))
	}
	bot("POST", "conversations", "conversations.create", c.createConversation)
	bot("POST", "conversations/{conv}/activities", "activities.send", c.sendActivity)
	bot("POST", "conversations/{conv}/activities/{id}", "activities.send", c.sendActivity)
	bot("PUT", "conversations/{conv}/activities/{id}", "activities.update", c.updateActivity)
	bot("DELETE", "conversations/{conv}/activities/{id}", "activities.delete", c.deleteActivity)
	bot("PUT", "conversations/{conv}/activities/{id}/reactions/{type}", "reactions.add", c.addReaction)
	bot("DELETE", "conversations/{conv}/activities/{id}/reactions/{type}", "reactions.remove", c.removeReaction)
	bot("GET", "conversations/{conv}/members", "members.list", c.listMembers)
	bot("GET", "conversations/{conv}/activities/{id}/members", "members.list", c.listMembers)
	bot("GET", "conversations/{conv}/pagedmembers", "members.page", c.pageMembers)
	bot("GET", "conversations/{conv}/pagedMembers", "members.page", c.pageMembers)
	bot("GET", "conversations/{conv}/members/{id}", "members.get", c.getMember)
	bot("GET", "teams/{team}", "team.get", c.getTeam)
	bot("GET", "teams/{team}/conversations", "team.channels", c.listTeamChannels)
	bot("GET", "attachments/{id}/views/original", "attachments.get", c.getAttachment)
}

// asBot checks the bot's token and holds the lock for the handler.
func (c *connector) asBot(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if r.PathValue("tenant") != c.opt.TenantID {
			refuse(w, http.StatusForbidden, "Forbidden", "The tenant of the service address is another one.")
			return
		}
		if !c.entra.authorized(r, scopeBot) && (!c.opt.Unsigned || r.Header.Get("Authorization") != "") {
			w.Header().Set("WWW-Authenticate", "Bearer")
			refuse(w, http.StatusUnauthorized, "Unauthorized", "Authorization has been denied for this request.")
			return
		}
		if c.admit(w, tenantRule()) {
			h(w, r)
		}
	}
}

// place finds the conversation of a call that the bot may use, or answers. Caller holds the lock.
func (c *connector) place(w http.ResponseWriter, r *http.Request) (ch *channel, root string, ok bool) {
	id, root := splitConversation(r.PathValue("conv"))
	ch = c.org.channels[id]
	switch {
	case ch == nil || ch.Deleted:
		refuse(w, http.StatusNotFound, "ConversationNotFound", "Conversation not found.")
	case ch.person != "" && c.org.blocked[ch.person]:
		refuse(w, http.StatusForbidden, "ConversationBlockedByUser", "User blocked the conversation with the bot.")
	case !c.org.reachable(ch):
		refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
	case root != "" && !ch.begins(root):
		refuse(w, http.StatusNotFound, "ConversationNotFound", "Conversation not found.")
	default:
		return ch, root, true
	}
	return nil, "", false
}

// writable is place for what changes a channel.
func (c *connector) writable(w http.ResponseWriter, r *http.Request) (ch *channel, root string, ok bool) {
	ch, root, ok = c.place(w, r)
	if ok && ch.person == "" && c.org.teams[ch.Team].Archived {
		refuse(w, http.StatusForbidden, "MessageWritesBlocked", "The team is archived.")
		return nil, "", false
	}
	return ch, root, ok
}

// member is a TeamsChannelAccount. The list without pages names the Entra id objectId, the
// others aadObjectId.
func (c *connector) member(u *User, idKey string) object {
	role := "user"
	if u.Guest {
		role = "guest"
	}
	given, surname, _ := strings.Cut(u.Name, " ")
	out := object{
		"id": u.TeamsID, "name": u.Name, "givenName": given, "surname": surname, "email": u.Email,
		"userPrincipalName": u.Email, "tenantId": u.TenantID, "userRole": role,
	}
	if !u.NoAAD {
		out[idKey] = u.ID
	}
	return out
}

func (c *connector) listMembers(w http.ResponseWriter, r *http.Request) {
	ch, _, ok := c.place(w, r)
	if !ok || !c.admit(w, readRule(ch.ID)) {
		return
	}
	out := []object{}
	for _, id := range c.org.memberIDs(ch) {
		out = append(out, c.member(c.org.users[id], "objectId"))
	}
	writeJSON(w, http.StatusOK, out)
}

// Page sizes outside these are taken for the nearest.
// Source: "Get Teams specific context for your bot", read 2026-11.
const (
	leastMembers = 50
	mostMembers  = 500
)

func (c *connector) pageMembers(w http.ResponseWriter, r *http.Request) {
	ch, _, ok := c.place(w, r)
	if !ok || !c.admit(w, readRule(ch.ID)) {
		return
	}
	ids := c.org.memberIDs(ch)
	size := 200
	if text := r.URL.Query().Get("pageSize"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			refuse(w, http.StatusBadRequest, "BadSyntax", "pageSize is no number.")
			return
		}
		size = min(max(n, leastMembers), mostMembers)
	}
	start := 0
	if token := r.URL.Query().Get("continuationToken"); token != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(token, "page-"))
		if err != nil || n <= 0 || n > len(ids) {
			refuse(w, http.StatusBadRequest, "BadSyntax", "Bad continuation token.")
			return
		}
		start = n
	}
	end := min(start+size, len(ids))
	out := object{"members": []object{}}
	members := []object{}
	for _, id := range ids[start:end] {
		members = append(members, c.member(c.org.users[id], "aadObjectId"))
	}
	out["members"] = members
	if end < len(ids) {
		out["continuationToken"] = "page-" + strconv.Itoa(end)
	}
	writeJSON(w, http.StatusOK, out)
}

func (c *connector) getMember(w http.ResponseWriter, r *http.Request) {
	ch, _, ok := c.place(w, r)
	if !ok || !c.admit(w, readRule(ch.ID)) {
		return
	}
	u := c.org.person(r.PathValue("id"))
	if u == nil || !slices.Contains(c.org.memberIDs(ch), u.ID) {
		refuse(w, http.StatusNotFound, "MemberNotFoundInConversation", "Member not found in conversation.")
		return
	}
	writeJSON(w, http.StatusOK, c.member(u, "aadObjectId"))
}

// knownTeam finds an installed team by its 19: id, or answers.
func (c *connector) knownTeam(w http.ResponseWriter, r *http.Request) *Team {
	t := c.org.teams[r.PathValue("team")]
	switch {
	case t == nil:
		refuse(w, http.StatusNotFound, "ConversationNotFound", "Team not found.")
	case !t.Installed:
		refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
	case c.admit(w, readRule(t.ID)):
		return t
	}
	return nil
}

func (c *connector) getTeam(w http.ResponseWriter, r *http.Request) {
	t := c.knownTeam(w, r)
	if t == nil {
		return
	}
	writeJSON(w, http.StatusOK, object{
		"id": t.ID, "name": t.Name, "aadGroupId": t.GroupID, "channelCount": len(c.org.channelsOf(t.ID)),
		"memberCount": len(c.org.memberIDs(c.org.channels[t.ID])), "type": "standard", "tenantId": c.opt.TenantID,
	})
}

// channelsOf lists the channels of a team that the bot may use. Caller holds the lock.
func (o *organisation) channelsOf(team string) []*channel {
	var out []*channel
	for _, id := range o.channelIDs {
		if ch := o.channels[id]; ch.person == "" && ch.Team == team && o.reachable(ch) {
			out = append(out, ch)
		}
	}
	return out
}

func (c *connector) listTeamChannels(w http.ResponseWriter, r *http.Request) {
	t := c.knownTeam(w, r)
	if t == nil {
		return
	}
	list := []object{}
	for _, ch := range c.org.channelsOf(t.ID) {
		item := object{"id": ch.ID, "type": ch.Kind}
		if ch.ID != t.ID {
			item["name"] = ch.Name
		}
		list = append(list, item)
	}
	writeJSON(w, http.StatusOK, object{"conversations": list})
}

func (c *connector) getAttachment(w http.ResponseWriter, r *http.Request) {
	f := c.files.files[r.PathValue("id")]
	if f == nil || !f.Image { // files lie in SharePoint
		refuse(w, http.StatusNotFound, "NotFound", "Attachment not found.")
		return
	}
	w.Header().Set("Content-Type", f.Type)
	w.Write(f.Data)
}

// readActivity decodes what the bot sends, or answers.
func readActivity(w http.ResponseWriter, r *http.Request, into any) (raw json.RawMessage, ok bool) {
	d := json.NewDecoder(r.Body)
	if err := d.Decode(&raw); err != nil {
		refuse(w, http.StatusBadRequest, "BadSyntax", "Could not parse the body: "+err.Error())
		return nil, false
	}
	if d.More() {
		refuse(w, http.StatusBadRequest, "BadSyntax", "Something follows the body.")
		return nil, false
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		refuse(w, http.StatusUnsupportedMediaType, "BadSyntax", "Content-Type is not application/json.")
		return nil, false
	}
	if err := json.Unmarshal(raw, into); err != nil {
		refuse(w, http.StatusBadRequest, "BadSyntax", "Could not parse the body: "+err.Error())
		return nil, false
	}
	return raw, true
}
