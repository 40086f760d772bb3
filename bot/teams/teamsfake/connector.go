package teamsfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// API handles the calls of the Bot Connector. Its Ground has the lock, the clock and the options that all parts of the
// emulator share.
type API struct {
	*Ground
	org     *Directory             // people, teams and channels
	files   *Library               // attachments
	entra   *Entra                 // checks access tokens
	journal *Journal               // records calls, and injects faults that a test has planned
	reader  *reader                // turns activities into messages
	rates   map[string][]time.Time // times of recent calls, by the name of the rate limit
}

// NewConnector makes an API. Call Reset before using it.
func NewConnector(files *Library, e *Entra, journal *Journal) *API {
	activityReader := &reader{Ground: files.Ground, org: files.Org, files: files}
	return &API{Ground: files.Ground, org: files.Org, files: files, entra: e, journal: journal, reader: activityReader}
}

// Reset forgets the calls that count against rate limits. The caller holds the lock.
func (api *API) Reset() { api.rates = map[string][]time.Time{} }

// Routes adds the Bot Connector's routes. Each has a name, such as "activities.send", by which tests plan faults.
// Source: Bot Connector API reference; npm @microsoft/teams.api 2.1.0 for reactions, targeted messages and which of
// objectId and aadObjectId a member carries, read 2026-11.
func (api *API) Routes(mux *http.ServeMux) {
	const base = "/connector/{region}/{tenant}/v3/"
	bot := func(method, path, name string, h http.HandlerFunc) {
		mux.HandleFunc(method+" "+base+path, api.journal.Handle(name, api.asBot(h)))
	}

	bot("POST", "conversations", "conversations.create", api.createConversation)
	bot("POST", "conversations/{conv}/activities", "activities.send", api.sendActivity)
	bot("POST", "conversations/{conv}/activities/{id}", "activities.send", api.sendActivity)
	bot("PUT", "conversations/{conv}/activities/{id}", "activities.update", api.updateActivity)
	bot("DELETE", "conversations/{conv}/activities/{id}", "activities.delete", api.deleteActivity)
	bot("PUT", "conversations/{conv}/activities/{id}/reactions/{type}", "reactions.add", api.addReaction)
	bot("DELETE", "conversations/{conv}/activities/{id}/reactions/{type}", "reactions.remove", api.removeReaction)
	bot("GET", "conversations/{conv}/pagedmembers", "members.page", api.pageMembers)
	bot("GET", "conversations/{conv}/pagedMembers", "members.page", api.pageMembers)
	bot("GET", "conversations/{conv}/members/{id}", "members.get", api.getMember)
	bot("GET", "teams/{team}", "team.get", api.getTeam)
	bot("GET", "teams/{team}/conversations", "team.channels", api.listTeamChannels)
	bot("GET", "attachments/{id}/views/original", "attachments.get", api.getAttachment)
	mux.HandleFunc("/connector/", api.journal.Handle("connector.unknown", api.refuseUnknown))
}

// asBot wraps a handler: it refuses calls without a valid token of the bot, and holds the lock while the handler runs.
func (api *API) asBot(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		api.Mu.Lock()
		defer api.Mu.Unlock()

		if r.PathValue("tenant") != api.Opt.TenantID {
			Refuse(w, http.StatusForbidden, "Forbidden", "The tenant of the service address is another one.")
			return
		}

		if api.ensureAuthorized(w, r) && api.ensureWithinLimits(w, tenantRule()) {
			h(w, r)
		}
	}
}

// ensureAuthorized reports whether a call has a valid token of the bot, or Options.Unsigned allows it without a token.
// Otherwise it answers 401. The caller holds the lock.
func (api *API) ensureAuthorized(w http.ResponseWriter, r *http.Request) bool {
	mayBeUnsigned := api.Opt.Unsigned && r.Header.Get("Authorization") == ""
	if api.entra.IsAuthorized(r, ScopeBot) || mayBeUnsigned {
		return true
	}
	w.Header().Set("WWW-Authenticate", "Bearer")
	Refuse(w, http.StatusUnauthorized, "Unauthorized", "Authorization has been denied for this request.")
	return false
}

// refuseUnknown answers calls that the Bot Connector doesn't have. The response's format is documented, its error code isn't.
// Source: Azure Bot Service, "API reference", section "Errors", read 2026-11.
func (api *API) refuseUnknown(w http.ResponseWriter, r *http.Request) {
	api.Mu.Lock()
	defer api.Mu.Unlock()
	if api.ensureAuthorized(w, r) {
		Refuse(w, http.StatusNotFound, "NotFound", "No HTTP resource was found that matches the request URI '"+r.URL.Path+"'.")
	}
}

// findPlace returns the room (a channel or a personal chat) that a call names, and the first message of the thread. If the
// bot may not act there, it answers with a refusal, and ok is false. The caller holds the lock.
func (api *API) findPlace(w http.ResponseWriter, r *http.Request) (room *Room, root string, ok bool) {
	id, root := SplitConversation(r.PathValue("conv"))
	room = api.org.Channels[id]
	switch {
	case room == nil || room.Deleted:
		Refuse(w, http.StatusNotFound, "ConversationNotFound", "Conversation not found.")
	case !api.org.IsReachable(room):
		Refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
	case root != "" && !room.IsRoot(root):
		Refuse(w, http.StatusNotFound, "ConversationNotFound", "Conversation not found.")
	default:
		return room, root, true
	}

	return nil, "", false
}

// findWritable is findPlace for calls that change something. It also refuses calls in archived teams.
func (api *API) findWritable(w http.ResponseWriter, r *http.Request) (room *Room, root string, ok bool) {
	room, root, ok = api.findPlace(w, r)
	if !ok {
		return nil, "", false
	}
	if room.Person == "" && api.org.Teams[room.Team].Archived {
		RefuseThread(w, "MessageWritesBlocked", "Thread is not active.")
		return nil, "", false
	}
	return room, root, true
}

// memberItem returns a member as JSON. idKey is the property that holds the Entra object id. Teams calls it objectId in the
// list without pages, and aadObjectId elsewhere.
func (api *API) memberItem(u *User, idKey string) Object {
	role := "user"
	if u.Guest {
		role = "guest"
	}
	given, surname, _ := strings.Cut(u.Name, " ")
	out := Object{
		"id": u.TeamsID, "name": u.Name, "givenName": given, "surname": surname, "email": u.Email,
		"userPrincipalName": u.Email, "tenantId": u.TenantID, "userRole": role,
	}
	if !u.HidesEntraID {
		out[idKey] = u.ID
	}
	return out
}

// Limits of pageSize. Teams adjusts a size outside the limits to the nearest one.
// Source: "Get Teams specific context for your bot", read 2026-11.
const (
	minMembers     = 50
	maxMembers     = 500
	defaultMembers = 200
)

func (api *API) pageMembers(w http.ResponseWriter, r *http.Request) {
	room, _, ok := api.findPlace(w, r)
	if !ok || !api.ensureWithinLimits(w, readRule(room.ID)) {
		return
	}

	ids := api.org.MemberIDs(room)
	size := defaultMembers
	if text := r.URL.Query().Get("pageSize"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			Refuse(w, http.StatusBadRequest, badSyntax, "pageSize isn't a number.")
			return
		}

		size = min(max(n, minMembers), maxMembers)
	}

	start := 0
	if token := r.URL.Query().Get("continuationToken"); token != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(token, "page-"))
		isInList := n > 0 && n <= len(ids)
		if err != nil || !isInList {
			Refuse(w, http.StatusBadRequest, badSyntax, "Bad continuation token.")
			return
		}

		start = n
	}

	end := min(start+size, len(ids))
	members := []Object{}
	for _, id := range ids[start:end] {
		members = append(members, api.memberItem(api.org.Users[id], "aadObjectId"))
	}

	page := Object{"members": members}
	if end < len(ids) {
		page["continuationToken"] = "page-" + strconv.Itoa(end)
	}

	WriteJSON(w, http.StatusOK, page)
}

// getMember answers with a member, who is named by Teams id ("29:…"), Entra object id or user principal name.
// Source: "Get Teams-specific context for your bot".
func (api *API) getMember(w http.ResponseWriter, r *http.Request) {
	room, _, ok := api.findPlace(w, r)
	if !ok || !api.ensureWithinLimits(w, readRule(room.ID)) {
		return
	}
	id := r.PathValue("id")
	u := api.org.Person(id)
	for _, member := range api.org.MemberIDs(room) {
		if u == nil && strings.EqualFold(api.org.Users[member].Email, id) {
			u = api.org.Users[member]
		}
	}
	if u == nil || !slices.Contains(api.org.MemberIDs(room), u.ID) {
		Refuse(w, http.StatusNotFound, "MemberNotFoundInConversation", "Member not found in conversation.")
		return
	}
	WriteJSON(w, http.StatusOK, api.memberItem(u, "aadObjectId"))
}

// findTeam returns the team that a call names. If the app isn't installed there or a rate limit is reached, it answers with
// a refusal and returns nil.
func (api *API) findTeam(w http.ResponseWriter, r *http.Request) *Team {
	t := api.org.Teams[r.PathValue("team")]
	switch {
	case t == nil:
		Refuse(w, http.StatusNotFound, "ConversationNotFound", "Team not found.")
	case !t.Installed:
		Refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
	case api.ensureWithinLimits(w, readRule(t.ID)):
		return t
	}
	return nil
}

func (api *API) getTeam(w http.ResponseWriter, r *http.Request) {
	t := api.findTeam(w, r)
	if t == nil {
		return
	}
	WriteJSON(w, http.StatusOK, Object{
		"id": t.ID, "name": t.Name, "aadGroupId": t.GroupID, "channelCount": len(api.org.ChannelsOf(t.ID)),
		"memberCount": len(api.org.MemberIDs(api.org.Channels[t.ID])), "type": "standard", "tenantId": api.Opt.TenantID,
	})
}

func (api *API) listTeamChannels(w http.ResponseWriter, r *http.Request) {
	t := api.findTeam(w, r)
	if t == nil {
		return
	}
	list := []Object{}
	for _, room := range api.org.ChannelsOf(t.ID) {
		item := Object{"id": room.ID, "type": room.Kind}
		if room.ID != t.ID {
			item["name"] = room.Name
		}
		list = append(list, item)
	}
	WriteJSON(w, http.StatusOK, Object{"conversations": list})
}

func (api *API) getAttachment(w http.ResponseWriter, r *http.Request) {
	f := api.files.ByID[r.PathValue("id")]
	if f == nil || !f.Image { // other files are in SharePoint
		Refuse(w, http.StatusNotFound, "NotFound", "Attachment not found.")
		return
	}
	w.Header().Set("Content-Type", f.Type)
	w.Write(f.Data)
}

// readBody decodes the JSON body of a call. If that fails, it answers with a refusal and returns false.
func readBody(w http.ResponseWriter, r *http.Request, into any) bool {
	var raw json.RawMessage
	decoder := json.NewDecoder(r.Body)
	if err := decoder.Decode(&raw); err != nil {
		Refuse(w, http.StatusBadRequest, badSyntax, "Could not parse the body: "+err.Error())
		return false
	}
	if decoder.More() {
		Refuse(w, http.StatusBadRequest, badSyntax, "Something follows the body.")
		return false
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		Refuse(w, http.StatusUnsupportedMediaType, badSyntax, "Content-Type is not application/json.")
		return false
	}
	if err := json.Unmarshal(raw, into); err != nil {
		Refuse(w, http.StatusBadRequest, badSyntax, "Could not parse the body: "+err.Error())
		return false
	}

	return true
}
