// Package graph stands in for Microsoft Graph and SharePoint: with them the bot reads teams, channels, messages and
// files. It also puts files into channels, and gives messages the form that Graph has for them.
//
// What does not belong here: the Bot Connector's calls, and where files lie.
package graph

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"parley/bot/teams/teamsfake/calls"
	"parley/bot/teams/teamsfake/entra"
	"parley/bot/teams/teamsfake/tenant"
)

// object is JSON that is built or looked into by key.
type object = tenant.Object

// API answers calls of Microsoft Graph and SharePoint.
type API struct {
	*tenant.Ground
	org     *tenant.Directory
	files   *tenant.Library
	entra   *entra.Entra
	journal *calls.Journal
	view    *View
}

// New makes an API for apps to which e has given tokens.
func New(v *View, e *entra.Entra, j *calls.Journal) *API {
	return &API{Ground: v.Ground, org: v.org, files: v.files, entra: e, journal: j, view: v}
}

// Routes adds the calls of Microsoft Graph v1.0 that a help desk needs: reading, and uploading files.
// Source: Graph reference, channel-list-messages, chatmessage-get, chatmessage-list-replies,
// chatmessagehostedcontent-get, shares-get, driveitem-put-content, channel-get-filesfolder, drive-get, read 2026-11.
func (s *API) Routes(mux *http.ServeMux) {
	get := func(path, method, permission string, h http.HandlerFunc) {
		mux.HandleFunc("GET /graph/v1.0/"+path, s.journal.Handle(method, s.asApp(h, permission)))
	}

	const messages = "teams/{group}/channels/{channel}/messages"
	get("teams/{group}", "graph.team", tenant.PermitTeam, s.getTeam)
	get("teams/{group}/channels", "graph.channels", tenant.PermitChannels, s.listChannels)
	get("teams/{group}/channels/{channel}", "graph.channel", tenant.PermitChannels, s.getChannel)
	get(messages, "graph.messages", tenant.PermitMessages, s.listMessages)
	get(messages+"/{root}", "graph.message", tenant.PermitMessages, s.getMessage)
	get(messages+"/{root}/replies", "graph.replies", tenant.PermitMessages, s.listReplies)
	get(messages+"/{root}/replies/{id}", "graph.reply", tenant.PermitMessages, s.getMessage)

	for _, at := range []string{messages + "/{root}", messages + "/{root}/replies/{id}"} {
		get(at+"/hostedContents", "graph.hosted", tenant.PermitMessages, s.getHosted)
		get(at+"/hostedContents/{file}/$value", "graph.hosted", tenant.PermitMessages, s.getHosted)
	}

	get("shares/{share}/driveItem", "graph.file", tenant.PermitSites, s.getShare)
	get("shares/{share}/driveItem/content", "graph.file", tenant.PermitSites, s.getShare)
	get("users/{user}/drive", "graph.drive", tenant.PermitFilesRead, s.getDrive)
	get("teams/{group}/channels/{channel}/filesFolder", "graph.folder", tenant.PermitFilesRead, s.getFolder)
	mux.HandleFunc("PUT /graph/v1.0/drives/{drive}/items/{folder}/{name}/content",
		s.journal.Handle("graph.upload", s.asApp(s.putFile, tenant.PermitFilesWrite)))
	mux.HandleFunc("GET /download/{file}", s.journal.Handle("download", s.download))
	mux.HandleFunc("/graph/", s.journal.Handle("graph.unknown", s.refuseUnknown))
	for _, people := range []string{"/sites/", "/personal/"} {
		mux.HandleFunc(people, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "sign in", http.StatusForbidden) // people's addresses, not apps'
		})
	}
}

// asApp wraps a handler: it refuses calls without a token for Graph or without the permission, and holds the lock for
// the handler.
func (s *API) asApp(h http.HandlerFunc, permission string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.Mu.Lock()
		defer s.Mu.Unlock()
		switch {
		case !s.entra.IsAuthorized(r, entra.ScopeGraph):
			s.refuseToken(w)
		case !s.entra.IsPermitted(permission):
			s.refuse(w, http.StatusForbidden, "Forbidden", "Missing role permissions on the request. API requires one of '"+permission+"'.")
		default:
			h(w, r)
		}
	}
}

// refuse answers with an error in Graph's form.
func (s *API) refuse(w http.ResponseWriter, status int, code, text string) {
	calls.WriteJSON(w, status, object{"error": object{
		"code": code, "message": text,
		"innerError": object{
			"date":              s.Now().UTC().Format("2006-01-02T15:04:05"),
			"request-id":        s.GUID("request"),
			"client-request-id": s.GUID("request"),
		},
	}})
}

// findTeam returns the team whose group the path names. If there is none, or the app isn't installed there, it
// answers with a refusal and returns nil: permissions for a team count only where the app is installed.
func (s *API) findTeam(w http.ResponseWriter, r *http.Request) *tenant.Team {
	for _, t := range s.org.Teams {
		if t.GroupID != r.PathValue("group") {
			continue
		}
		if t.Installed {
			return t
		}
		s.refuse(w, http.StatusForbidden, "Forbidden", "The app is not installed in the team.")
		return nil
	}
	s.refuse(w, http.StatusNotFound, "NotFound", "No team found with Group Id "+r.PathValue("group")+".")
	return nil
}

// findChannel returns the channel that the path names. If there is none, it answers with a refusal and returns nil.
func (s *API) findChannel(w http.ResponseWriter, r *http.Request) *tenant.Room {
	t := s.findTeam(w, r)
	if t == nil {
		return nil
	}

	ch := s.org.Channels[r.PathValue("channel")]
	isOfTeam := ch != nil && ch.Team == t.ID
	if !isOfTeam || ch.Deleted {
		s.refuse(w, http.StatusNotFound, "NotFound", "No channel found with that id.")
		return nil
	}
	if !s.org.IsReachable(ch) {
		s.refuse(w, http.StatusForbidden, "Forbidden", "The app is not added to the channel.")
		return nil
	}

	return ch
}

func (s *API) getTeam(w http.ResponseWriter, r *http.Request) {
	if t := s.findTeam(w, r); t != nil {
		calls.WriteJSON(w, http.StatusOK, object{
			"id": t.GroupID, "internalId": t.ID, "displayName": t.Name, "description": nil, "isArchived": t.Archived, "tenantId": s.Opt.TenantID,
			"webUrl": "https://teams.microsoft.com/l/team/" + url.PathEscape(t.ID) + "/conversations?groupId=" + t.GroupID + "&tenantId=" +
				s.Opt.TenantID,
		})
	}
}

func (s *API) channelItem(ch *tenant.Room) object {
	return object{
		"id": ch.ID, "displayName": ch.Name, "description": nil, "membershipType": ch.Kind, "isArchived": false, "tenantId": s.Opt.TenantID,
		"webUrl": "https://teams.microsoft.com/l/channel/" + url.PathEscape(ch.ID) + "/" + url.PathEscape(ch.Name) + "?groupId=" +
			s.org.Teams[ch.Team].GroupID,
	}
}

func (s *API) listChannels(w http.ResponseWriter, r *http.Request) {
	t := s.findTeam(w, r)
	if t == nil {
		return
	}
	list := []object{}
	for _, ch := range s.org.ChannelsOf(t.ID) {
		list = append(list, s.channelItem(ch))
	}
	calls.WriteJSON(w, http.StatusOK, object{"@odata.count": len(list), "value": list})
}

func (s *API) getChannel(w http.ResponseWriter, r *http.Request) {
	if ch := s.findChannel(w, r); ch != nil {
		calls.WriteJSON(w, http.StatusOK, s.channelItem(ch))
	}
}

// Page sizes of message lists.
const (
	pageSize    = 20
	maxPageSize = 50
)

// readPage reads the size of a page and how many messages come before it. ok is false if it has answered the call.
func (s *API) readPage(w http.ResponseWriter, r *http.Request) (top, skip int, ok bool) {
	top = pageSize
	q := r.URL.Query()
	for k := range q {
		if !slices.Contains([]string{"$top", "$expand", "$skiptoken"}, k) {
			s.refuse(w, http.StatusBadRequest, "BadRequest", "Query option '"+k+"' is not allowed.")
			return 0, 0, false
		}
	}

	var err error
	if text := q.Get("$top"); text != "" {
		top, err = strconv.Atoi(text)
	}

	token := q.Get("$skiptoken")
	if token != "" && err == nil {
		skip, err = strconv.Atoi(strings.TrimPrefix(token, "after-"))
	}

	isPage := top >= 1 && top <= maxPageSize && skip >= 0
	if err != nil || !isPage {
		s.refuse(w, http.StatusBadRequest, "BadRequest", "Invalid page size or token specified.")
		return 0, 0, false
	}

	if s.Opt.EmptyPages && token == "" {
		s.answerPage(w, r, []object{}, 0, 1)
		return 0, 0, false
	}

	return top, skip, true
}

// nextLink returns the address of the page that follows after skip messages.
func (s *API) nextLink(r *http.Request, path string, skip int) string {
	q := r.URL.Query()
	q.Set("$skiptoken", "after-"+strconv.Itoa(skip))
	return s.Host.URL() + path + "?" + q.Encode()
}

// listNewest returns the wanted messages, the newest first, as Graph orders them. It leaves out messages that only
// one person sees.
func listNewest(list []*tenant.Message, want func(*tenant.Message) bool) []*tenant.Message {
	var out []*tenant.Message
	for _, m := range slices.Backward(list) {
		if m.Targeted == "" && want(m) {
			out = append(out, m)
		}
	}
	return out
}

func (s *API) listMessages(w http.ResponseWriter, r *http.Request) {
	ch := s.findChannel(w, r)
	if ch == nil {
		return
	}

	top, skip, ok := s.readPage(w, r)
	if !ok {
		return
	}

	expand := r.URL.Query().Get("$expand")
	if expand != "" && expand != "replies" {
		s.refuse(w, http.StatusBadRequest, "BadRequest", "Only replies can be expanded.")
		return
	}

	roots := listNewest(ch.Messages, func(m *tenant.Message) bool { return m.Root == m.ID })
	list := []object{}
	for _, m := range roots[min(skip, len(roots)):min(skip+top, len(roots))] {
		item := s.view.chatMessage(ch, m)
		if expand != "" {
			s.expandReplies(item, ch, m)
		}
		list = append(list, item)
	}

	s.answerPage(w, r, list, skip+top, len(roots))
}

// answerPage answers with one page of messages. done is how many messages all pages up to this one have, and of how
// many there are in all.
func (s *API) answerPage(w http.ResponseWriter, r *http.Request, list []object, done, of int) {
	out := object{"@odata.context": s.Host.URL() + "/graph/v1.0/$metadata#chatMessages", "@odata.count": len(list), "value": list}
	if done < of {
		out["@odata.nextLink"] = s.nextLink(r, r.URL.EscapedPath(), done)
	}
	calls.WriteJSON(w, http.StatusOK, out)
}

// expandReplies adds the newest replies of a thread to its first message.
func (s *API) expandReplies(item object, ch *tenant.Room, root *tenant.Message) {
	replies := listNewest(ch.Threads[root.ID], func(m *tenant.Message) bool { return m.ID != root.ID })
	list := []object{}
	for _, m := range replies[:min(s.Opt.GraphPage, len(replies))] {
		list = append(list, s.view.chatMessage(ch, m))
	}
	item["replies"], item["replies@odata.count"] = list, len(list)
	if len(replies) > len(list) {
		item["replies@odata.nextLink"] = s.Host.URL() + s.view.messagePath(ch, root) + "/replies?$skiptoken=after-" + strconv.Itoa(len(list))
	}
}

func (s *API) listReplies(w http.ResponseWriter, r *http.Request) {
	ch, root := s.find(w, r, r.PathValue("root"))
	if root == nil {
		return
	}

	top, skip, ok := s.readPage(w, r)
	if !ok {
		return
	}

	replies := listNewest(ch.Threads[root.ID], func(m *tenant.Message) bool { return m.ID != root.ID })
	list := []object{}
	for _, m := range replies[min(skip, len(replies)):min(skip+top, len(replies))] {
		list = append(list, s.view.chatMessage(ch, m))
	}

	s.answerPage(w, r, list, skip+top, len(replies))
}

// find returns the message with an id in the thread that the path names. If there is none, it answers with a refusal
// and returns nil.
func (s *API) find(w http.ResponseWriter, r *http.Request, id string) (*tenant.Room, *tenant.Message) {
	ch := s.findChannel(w, r)
	if ch == nil {
		return nil, nil
	}
	m := ch.ByID[id]
	isForAll := m != nil && m.Targeted == ""
	if !isForAll || m.Root != r.PathValue("root") {
		s.refuse(w, http.StatusNotFound, "NotFound", "Message with id "+id+" not found.")
		return nil, nil
	}
	return ch, m
}

// messageIDOf returns the id of the message that the path names: that of a reply or, if there is none, that of the
// root.
func messageIDOf(r *http.Request) string {
	if id := r.PathValue("id"); id != "" {
		return id
	}
	return r.PathValue("root")
}

func (s *API) getMessage(w http.ResponseWriter, r *http.Request) {
	if ch, m := s.find(w, r, messageIDOf(r)); m != nil {
		calls.WriteJSON(w, http.StatusOK, s.view.chatMessage(ch, m))
	}
}
