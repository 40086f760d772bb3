package teamsfake

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// graph answers calls of Microsoft Graph and SharePoint.
type graph struct {
	*ground
	org     *organisation
	files   *library
	entra   *Entra
	journal *journal
	view    *graphView
}

// routes are the reads of Microsoft Graph v1.0 that a helpdesk needs, and uploads.
// Source: Graph reference, channel-list-messages, chatmessage-get, chatmessage-list-replies,
// chatmessagehostedcontent-get, shares-get, driveitem-put-content, channel-get-filesfolder,
// drive-get, read 2026-11.
func (s *graph) routes(mux *http.ServeMux) {
	get := func(path, method, permission string, h http.HandlerFunc) {
		mux.HandleFunc("GET /graph/v1.0/"+path, s.journal.call(method, s.asApp(h, permission)))
	}
	const messages = "teams/{group}/channels/{channel}/messages"
	get("teams/{group}", "graph.team", PermitTeam, s.graphTeam)
	get("teams/{group}/channels", "graph.channels", PermitChannels, s.graphChannels)
	get("teams/{group}/channels/{channel}", "graph.channel", PermitChannels, s.graphChannel)
	get(messages, "graph.messages", PermitMessages, s.graphMessages)
	get(messages+"/{root}", "graph.message", PermitMessages, s.graphMessage)
	get(messages+"/{root}/replies", "graph.replies", PermitMessages, s.graphReplies)
	get(messages+"/{root}/replies/{id}", "graph.reply", PermitMessages, s.graphMessage)
	for _, at := range []string{messages + "/{root}", messages + "/{root}/replies/{id}"} {
		get(at+"/hostedContents", "graph.hosted", PermitMessages, s.graphHosted)
		get(at+"/hostedContents/{file}/$value", "graph.hosted", PermitMessages, s.graphHosted)
	}
	get("shares/{share}/driveItem", "graph.file", PermitSites, s.graphShare)
	get("shares/{share}/driveItem/content", "graph.file", PermitSites, s.graphShare)
	get("users/{user}/drive", "graph.drive", PermitFilesRead, s.graphDrive)
	get("teams/{group}/channels/{channel}/filesFolder", "graph.folder", PermitFilesRead, s.graphFolder)
	mux.HandleFunc("PUT /graph/v1.0/drives/{drive}/items/{folder}/{name}/content",
		s.journal.call("graph.upload", s.asApp(s.graphUpload, PermitFilesWrite)))
	mux.HandleFunc("GET /download/{file}", s.journal.call("download", s.download))
	for _, people := range []string{"/sites/", "/personal/"} {
		mux.HandleFunc(people, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "sign in", http.StatusForbidden) // people's addresses, not apps'
		})
	}
}

// asApp checks the bot's token for Graph and the permission, and holds the lock for the handler.
func (s *graph) asApp(h http.HandlerFunc, permission string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case !s.entra.authorized(r, scopeGraph):
			s.graphRefuse(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is empty, has expired or is for another audience.")
		case !s.entra.permitted(permission):
			s.graphRefuse(w, http.StatusForbidden, "Forbidden", "Missing role permissions on the request. API requires one of '"+permission+"'.")
		default:
			h(w, r)
		}
	}
}

// permitted: what may be written may be read, and who may read everything may read what is named.
func (e *Entra) permitted(permission string) bool {
	switch permission {
	case PermitSites:
		return e.permissions[PermitSites] || e.permitted(PermitFilesRead)
	case PermitFilesRead:
		return e.permissions[PermitFilesRead] || e.permissions[PermitFilesWrite]
	}
	return e.permissions[permission]
}

func (s *graph) graphRefuse(w http.ResponseWriter, status int, code, text string) {
	writeJSON(w, status, object{"error": object{
		"code": code, "message": text,
		"innerError": object{"date": s.now().UTC().Format("2006-01-02T15:04:05"), "request-id": s.guid("request"), "client-request-id": s.guid("request")},
	}})
}

// graphGroup finds the team that a path names by its group, or answers. Resource specific
// permissions hold where the app is installed.
func (s *graph) graphGroup(w http.ResponseWriter, r *http.Request) *Team {
	for _, t := range s.org.teams {
		if t.GroupID != r.PathValue("group") {
			continue
		}
		if t.Installed {
			return t
		}
		s.graphRefuse(w, http.StatusForbidden, "Forbidden", "The app is not installed in the team.")
		return nil
	}
	s.graphRefuse(w, http.StatusNotFound, "NotFound", "No team found with Group Id "+r.PathValue("group")+".")
	return nil
}

// graphPlace finds a channel, or answers.
func (s *graph) graphPlace(w http.ResponseWriter, r *http.Request) *channel {
	t := s.graphGroup(w, r)
	if t == nil {
		return nil
	}
	ch := s.org.channels[r.PathValue("channel")]
	switch {
	case ch == nil || ch.Team != t.ID || ch.Deleted:
		s.graphRefuse(w, http.StatusNotFound, "NotFound", "No channel found with that id.")
	case !s.org.reachable(ch):
		s.graphRefuse(w, http.StatusForbidden, "Forbidden", "The app is not added to the channel.")
	default:
		return ch
	}
	return nil
}

func (s *graph) graphTeam(w http.ResponseWriter, r *http.Request) {
	if t := s.graphGroup(w, r); t != nil {
		writeJSON(w, http.StatusOK, object{
			"id": t.GroupID, "internalId": t.ID, "displayName": t.Name, "description": nil, "isArchived": t.Archived, "tenantId": s.opt.TenantID,
			"webUrl": "https://teams.microsoft.com/l/team/" + url.PathEscape(t.ID) + "/conversations?groupId=" + t.GroupID + "&tenantId=" + s.opt.TenantID,
		})
	}
}

func (s *graph) channelItem(ch *channel) object {
	return object{
		"id": ch.ID, "displayName": ch.Name, "description": nil, "membershipType": ch.Kind, "isArchived": false, "tenantId": s.opt.TenantID,
		"webUrl": "https://teams.microsoft.com/l/channel/" + url.PathEscape(ch.ID) + "/" + url.PathEscape(ch.Name) + "?groupId=" + s.org.teams[ch.Team].GroupID,
	}
}

func (s *graph) graphChannels(w http.ResponseWriter, r *http.Request) {
	t := s.graphGroup(w, r)
	if t == nil {
		return
	}
	list := []object{}
	for _, ch := range s.org.channelsOf(t.ID) {
		list = append(list, s.channelItem(ch))
	}
	writeJSON(w, http.StatusOK, object{"@odata.count": len(list), "value": list})
}

func (s *graph) graphChannel(w http.ResponseWriter, r *http.Request) {
	if ch := s.graphPlace(w, r); ch != nil {
		writeJSON(w, http.StatusOK, s.channelItem(ch))
	}
}

// Page sizes of message lists.
const (
	graphPage    = 20
	mostMessages = 50
)

// page reads $top and where to go on, or answers.
func (s *graph) page(w http.ResponseWriter, r *http.Request) (top, skip int, ok bool) {
	top = graphPage
	q := r.URL.Query()
	for k := range q {
		if !slices.Contains([]string{"$top", "$expand", "$skiptoken"}, k) {
			s.graphRefuse(w, http.StatusBadRequest, "BadRequest", "Query option '"+k+"' is not allowed.")
			return 0, 0, false
		}
	}
	var err error
	if text := q.Get("$top"); text != "" {
		top, err = strconv.Atoi(text)
	}
	if text := q.Get("$skiptoken"); text != "" && err == nil {
		skip, err = strconv.Atoi(strings.TrimPrefix(text, "after-"))
	}
	if err != nil || top < 1 || top > mostMessages || skip < 0 {
		s.graphRefuse(w, http.StatusBadRequest, "BadRequest", "Invalid page size or token specified.")
		return 0, 0, false
	}
	return top, skip, true
}

// nextLink is the address of the page that begins after skip messages.
func (s *graph) nextLink(r *http.Request, path string, skip int) string {
	q := r.URL.Query()
	q.Set("$skiptoken", "after-"+strconv.Itoa(skip))
	return s.host.URL() + path + "?" + q.Encode()
}

// newest lists the wanted messages as Graph orders them, the last first.
func newest(list []*Message, want func(*Message) bool) []*Message {
	var out []*Message
	for _, m := range slices.Backward(list) {
		if m.Targeted == "" && want(m) {
			out = append(out, m)
		}
	}
	return out
}

func (s *graph) graphMessages(w http.ResponseWriter, r *http.Request) {
	ch := s.graphPlace(w, r)
	if ch == nil {
		return
	}
	top, skip, ok := s.page(w, r)
	if !ok {
		return
	}
	expand := r.URL.Query().Get("$expand")
	if expand != "" && expand != "replies" {
		s.graphRefuse(w, http.StatusBadRequest, "BadRequest", "Only replies can be expanded.")
		return
	}
	roots := newest(ch.messages, func(m *Message) bool { return m.Root == m.ID })
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

func (s *graph) answerPage(w http.ResponseWriter, r *http.Request, list []object, done, of int) {
	out := object{"@odata.context": s.host.URL() + "/graph/v1.0/$metadata#chatMessages", "@odata.count": len(list), "value": list}
	if done < of {
		out["@odata.nextLink"] = s.nextLink(r, r.URL.EscapedPath(), done)
	}
	writeJSON(w, http.StatusOK, out)
}

// expandReplies adds the newest replies to a root.
func (s *graph) expandReplies(item object, ch *channel, root *Message) {
	replies := newest(ch.threads[root.ID], func(m *Message) bool { return m.ID != root.ID })
	list := []object{}
	for _, m := range replies[:min(s.opt.GraphPage, len(replies))] {
		list = append(list, s.view.chatMessage(ch, m))
	}
	item["replies"], item["replies@odata.count"] = list, len(list)
	if len(replies) > len(list) {
		item["replies@odata.nextLink"] = s.host.URL() + s.view.graphPath(ch, root) + "/replies?$skiptoken=after-" + strconv.Itoa(len(list))
	}
}

func (s *graph) graphReplies(w http.ResponseWriter, r *http.Request) {
	ch, root := s.graphFind(w, r, r.PathValue("root"))
	if root == nil {
		return
	}
	top, skip, ok := s.page(w, r)
	if !ok {
		return
	}
	replies := newest(ch.threads[root.ID], func(m *Message) bool { return m.ID != root.ID })
	list := []object{}
	for _, m := range replies[min(skip, len(replies)):min(skip+top, len(replies))] {
		list = append(list, s.view.chatMessage(ch, m))
	}
	s.answerPage(w, r, list, skip+top, len(replies))
}

// graphFind finds a message by the path's root and id, or answers.
func (s *graph) graphFind(w http.ResponseWriter, r *http.Request, id string) (*channel, *Message) {
	ch := s.graphPlace(w, r)
	if ch == nil {
		return nil, nil
	}
	m := ch.byID[id]
	if m == nil || m.Targeted != "" || m.Root != r.PathValue("root") {
		s.graphRefuse(w, http.StatusNotFound, "NotFound", "Message with id "+id+" not found.")
		return nil, nil
	}
	return ch, m
}

// named is the message that a path names: a reply, or the root.
func named(r *http.Request) string {
	if id := r.PathValue("id"); id != "" {
		return id
	}
	return r.PathValue("root")
}

func (s *graph) graphMessage(w http.ResponseWriter, r *http.Request) {
	if ch, m := s.graphFind(w, r, named(r)); m != nil {
		writeJSON(w, http.StatusOK, s.view.chatMessage(ch, m))
	}
}
