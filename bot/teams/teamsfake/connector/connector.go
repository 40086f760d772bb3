// Package connector stands in for the Bot Connector, Teams' API for bots: the bot posts, changes and deletes
// messages, puts reactions on them, and asks for members, teams and channels. What Teams would refuse, it refuses in
// the same words.
//
// What does not belong here: Graph, which is another service with other answers, and what clients show of a card.
package connector

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/teams/teamsfake/calls"
	"parley/bot/teams/teamsfake/entra"
	"parley/bot/teams/teamsfake/tenant"
)

// object is JSON that is built or looked into by key.
type object = tenant.Object

// API answers the Bot Connector's calls.
type API struct {
	*tenant.Ground
	org     *tenant.Directory
	files   *tenant.Library
	entra   *entra.Entra
	journal *calls.Journal
	reader  *reader
	rates   map[string][]time.Time // calls by rule
}

// New makes an API. Call Reset before using it.
func New(files *tenant.Library, e *entra.Entra, j *calls.Journal) *API {
	read := &reader{Ground: files.Ground, org: files.Org, files: files}
	return &API{Ground: files.Ground, org: files.Org, files: files, entra: e, journal: j, reader: read}
}

// Reset forgets which calls count against the limits. The caller holds the lock.
func (c *API) Reset() { c.rates = map[string][]time.Time{} }

// Routes are the Bot Connector's.
// Source: Bot Connector API reference; npm @microsoft/teams.api 2.1.0 for reactions, targeted messages and which of
// objectId and aadObjectId a member carries, read 2026-11.
func (c *API) Routes(mux *http.ServeMux) {
	const base = "/connector/{region}/{tenant}/v3/"
	bot := func(verb, path, method string, h func(http.ResponseWriter, *http.Request)) {
		mux.HandleFunc(verb+" "+base+path, c.journal.Handle(method, c.asBot(h)))
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
	mux.HandleFunc("/connector/", c.journal.Handle("connector.unknown", c.refuseUnknown))
}

// asBot wraps a handler: it refuses calls without a token of the bot, and holds the lock for the handler.
func (c *API) asBot(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.Mu.Lock()
		defer c.Mu.Unlock()

		if r.PathValue("tenant") != c.Opt.TenantID {
			calls.Refuse(w, http.StatusForbidden, "Forbidden", "The tenant of the service address is another one.")
			return
		}

		if c.ensureAuthorized(w, r) && c.ensureWithinLimits(w, tenantRule()) {
			h(w, r)
		}
	}
}

// ensureAuthorized reports whether a call has a token of the bot, or needs none. If not, it answers with a refusal.
// The caller holds the lock.
func (c *API) ensureAuthorized(w http.ResponseWriter, r *http.Request) bool {
	mayBeUnsigned := c.Opt.Unsigned && r.Header.Get("Authorization") == ""
	if c.entra.IsAuthorized(r, entra.ScopeBot) || mayBeUnsigned {
		return true
	}
	w.Header().Set("WWW-Authenticate", "Bearer")
	calls.Refuse(w, http.StatusUnauthorized, "Unauthorized", "Authorization has been denied for this request.")
	return false
}

// refuseUnknown answers calls that the connector doesn't have. The form of the answer is published, but the code
// isn't.
// Source: Azure Bot Service, "API reference", section "Errors", read 2026-11.
func (c *API) refuseUnknown(w http.ResponseWriter, r *http.Request) {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	if c.ensureAuthorized(w, r) {
		calls.Refuse(w, http.StatusNotFound, "NotFound", "No HTTP resource was found that matches the request URI '"+r.URL.Path+"'.")
	}
}

// findPlace returns the room and thread that a call names. If the bot may not act there, it answers with a refusal,
// and ok is false. The caller holds the lock.
func (c *API) findPlace(w http.ResponseWriter, r *http.Request) (ch *tenant.Room, root string, ok bool) {
	id, root := tenant.SplitConversation(r.PathValue("conv"))
	ch = c.org.Channels[id]
	switch {
	case ch == nil || ch.Deleted:
		calls.Refuse(w, http.StatusNotFound, "ConversationNotFound", "Conversation not found.")
	case ch.Person != "" && c.org.Blocked[ch.Person]:
		calls.Refuse(w, http.StatusForbidden, "ConversationBlockedByUser", "User blocked the conversation with the bot.")
	case !c.org.IsReachable(ch):
		calls.Refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
	case root != "" && !ch.IsRoot(root):
		calls.Refuse(w, http.StatusNotFound, "ConversationNotFound", "Conversation not found.")
	default:
		return ch, root, true
	}

	return nil, "", false
}

// findWritable is findPlace for calls that change something. It also refuses those in archived teams.
func (c *API) findWritable(w http.ResponseWriter, r *http.Request) (ch *tenant.Room, root string, ok bool) {
	ch, root, ok = c.findPlace(w, r)
	if !ok {
		return nil, "", false
	}
	if ch.Person == "" && c.org.Teams[ch.Team].Archived {
		calls.RefuseThread(w, "MessageWritesBlocked", "Thread is not active.")
		return nil, "", false
	}
	return ch, root, true
}

// memberItem returns a member as JSON. idKey is the name of the Entra object id, which differs: objectId in the list
// without pages, aadObjectId elsewhere.
func (c *API) memberItem(u *tenant.User, idKey string) object {
	role := "user"
	if u.Guest {
		role = "guest"
	}
	given, surname, _ := strings.Cut(u.Name, " ")
	out := object{
		"id": u.TeamsID, "name": u.Name, "givenName": given, "surname": surname, "email": u.Email,
		"userPrincipalName": u.Email, "tenantId": u.TenantID, "userRole": role,
	}
	if !u.HidesEntraID {
		out[idKey] = u.ID
	}
	return out
}

func (c *API) listMembers(w http.ResponseWriter, r *http.Request) {
	ch, _, ok := c.findPlace(w, r)
	if !ok || !c.ensureWithinLimits(w, readRule(ch.ID)) {
		return
	}
	out := []object{}
	for _, id := range c.org.MemberIDs(ch) {
		out = append(out, c.memberItem(c.org.Users[id], "objectId"))
	}
	calls.WriteJSON(w, http.StatusOK, out)
}

// Page sizes outside these are taken for the nearest.
// Source: "Get Teams specific context for your bot", read 2026-11.
const (
	leastMembers   = 50
	mostMembers    = 500
	defaultMembers = 200 // where a call names no size
)

func (c *API) pageMembers(w http.ResponseWriter, r *http.Request) {
	ch, _, ok := c.findPlace(w, r)
	if !ok || !c.ensureWithinLimits(w, readRule(ch.ID)) {
		return
	}

	ids := c.org.MemberIDs(ch)
	size := defaultMembers
	if text := r.URL.Query().Get("pageSize"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			calls.Refuse(w, http.StatusBadRequest, badSyntax, "pageSize isn't a number.")
			return
		}

		size = min(max(n, leastMembers), mostMembers)
	}

	start := 0
	if token := r.URL.Query().Get("continuationToken"); token != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(token, "page-"))
		isInList := n > 0 && n <= len(ids)
		if err != nil || !isInList {
			calls.Refuse(w, http.StatusBadRequest, badSyntax, "Bad continuation token.")
			return
		}

		start = n
	}

	end := min(start+size, len(ids))
	out := object{"members": []object{}}
	members := []object{}
	for _, id := range ids[start:end] {
		members = append(members, c.memberItem(c.org.Users[id], "aadObjectId"))
	}

	out["members"] = members
	if end < len(ids) {
		out["continuationToken"] = "page-" + strconv.Itoa(end)
	}

	calls.WriteJSON(w, http.StatusOK, out)
}

// getMember answers with a member, found by 29: id, Entra object id or user principal name.
// Source: "Get Teams-specific context for your bot".
func (c *API) getMember(w http.ResponseWriter, r *http.Request) {
	ch, _, ok := c.findPlace(w, r)
	if !ok || !c.ensureWithinLimits(w, readRule(ch.ID)) {
		return
	}
	id := r.PathValue("id")
	u := c.org.Person(id)
	for _, member := range c.org.MemberIDs(ch) {
		if u == nil && strings.EqualFold(c.org.Users[member].Email, id) {
			u = c.org.Users[member]
		}
	}
	if u == nil || !slices.Contains(c.org.MemberIDs(ch), u.ID) {
		calls.Refuse(w, http.StatusNotFound, "MemberNotFoundInConversation", "Member not found in conversation.")
		return
	}
	calls.WriteJSON(w, http.StatusOK, c.memberItem(u, "aadObjectId"))
}

// knownTeam returns the team that a call names, if the app is installed there. Otherwise it answers with a refusal
// and returns nil.
func (c *API) knownTeam(w http.ResponseWriter, r *http.Request) *tenant.Team {
	t := c.org.Teams[r.PathValue("team")]
	switch {
	case t == nil:
		calls.Refuse(w, http.StatusNotFound, "ConversationNotFound", "Team not found.")
	case !t.Installed:
		calls.Refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
	case c.ensureWithinLimits(w, readRule(t.ID)):
		return t
	}
	return nil
}

func (c *API) getTeam(w http.ResponseWriter, r *http.Request) {
	t := c.knownTeam(w, r)
	if t == nil {
		return
	}
	calls.WriteJSON(w, http.StatusOK, object{
		"id": t.ID, "name": t.Name, "aadGroupId": t.GroupID, "channelCount": len(c.org.ChannelsOf(t.ID)),
		"memberCount": len(c.org.MemberIDs(c.org.Channels[t.ID])), "type": "standard", "tenantId": c.Opt.TenantID,
	})
}

func (c *API) listTeamChannels(w http.ResponseWriter, r *http.Request) {
	t := c.knownTeam(w, r)
	if t == nil {
		return
	}
	list := []object{}
	for _, ch := range c.org.ChannelsOf(t.ID) {
		item := object{"id": ch.ID, "type": ch.Kind}
		if ch.ID != t.ID {
			item["name"] = ch.Name
		}
		list = append(list, item)
	}
	calls.WriteJSON(w, http.StatusOK, object{"conversations": list})
}

func (c *API) getAttachment(w http.ResponseWriter, r *http.Request) {
	f := c.files.ByID[r.PathValue("id")]
	if f == nil || !f.Image { // files lie in SharePoint
		calls.Refuse(w, http.StatusNotFound, "NotFound", "Attachment not found.")
		return
	}
	w.Header().Set("Content-Type", f.Type)
	w.Write(f.Data)
}

// readBody decodes the body of a call. If that fails, it answers with a refusal and returns false.
func readBody(w http.ResponseWriter, r *http.Request, into any) bool {
	var raw json.RawMessage
	d := json.NewDecoder(r.Body)
	if err := d.Decode(&raw); err != nil {
		calls.Refuse(w, http.StatusBadRequest, badSyntax, "Could not parse the body: "+err.Error())
		return false
	}
	if d.More() {
		calls.Refuse(w, http.StatusBadRequest, badSyntax, "Something follows the body.")
		return false
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		calls.Refuse(w, http.StatusUnsupportedMediaType, badSyntax, "Content-Type is not application/json.")
		return false
	}
	if err := json.Unmarshal(raw, into); err != nil {
		calls.Refuse(w, http.StatusBadRequest, badSyntax, "Could not parse the body: "+err.Error())
		return false
	}

	return true
}
