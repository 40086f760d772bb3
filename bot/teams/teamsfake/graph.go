package teamsfake

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// GraphAPI handles calls of Microsoft Graph and SharePoint. If a call can't be served, it answers with Graph's error. So do those
// functions find… that have the ResponseWriter, and then they return nil. API's Ground has the lock that all parts of the
// emulator share.
type GraphAPI struct {
	*Ground
	org     *Directory // people, teams and channels
	files   *Library
	entra   *Entra   // checks tokens and permissions
	journal *Journal // records calls, and injects faults that a test has planned
	view    *View    // formats messages
}

// NewGraph makes an API that accepts the tokens issued by e.
func NewGraph(view *View, e *Entra, journal *Journal) *GraphAPI {
	return &GraphAPI{Ground: view.Ground, org: view.org, files: view.files, entra: e, journal: journal, view: view}
}

// Routes adds the routes of those calls of Microsoft Graph v1.0 that a help desk needs. Each has a name, such as
// "graph.messages", by which tests plan faults, and the permission that it needs.
// Source: Graph reference, channel-list-messages, chatmessage-get, chatmessage-list-replies,
// chatmessagehostedcontent-get, shares-get, channel-get-filesfolder, drive-get, read 2026-11.
func (api *GraphAPI) Routes(mux *http.ServeMux) {
	get := func(path, name, permission string, h http.HandlerFunc) {
		mux.HandleFunc("GET /graph/v1.0/"+path, api.journal.Handle(name, api.asApp(h, permission)))
	}

	const messages = "teams/{group}/channels/{channel}/messages"
	get(messages, "graph.messages", PermitMessages, api.listMessages)
	get(messages+"/{root}", "graph.message", PermitMessages, api.getMessage)
	get(messages+"/{root}/replies", "graph.replies", PermitMessages, api.listReplies)
	get(messages+"/{root}/replies/{id}", "graph.reply", PermitMessages, api.getMessage)

	for _, message := range []string{messages + "/{root}", messages + "/{root}/replies/{id}"} {
		get(message+"/hostedContents", "graph.hosted", PermitMessages, api.getHosted)
		get(message+"/hostedContents/{file}/$value", "graph.hosted", PermitMessages, api.getHosted)
	}

	get("shares/{share}/driveItem", "graph.file", PermitSites, api.getShare)
	get("shares/{share}/driveItem/content", "graph.file", PermitSites, api.getShare)
	get("users/{user}/drive", "graph.drive", PermitFilesRead, api.getDrive)
	get("teams/{group}/channels/{channel}/filesFolder", "graph.folder", PermitFilesRead, api.getFolder)
	mux.HandleFunc("GET /download/{file}", api.journal.Handle("download", api.download))
	mux.HandleFunc("/graph/", api.journal.Handle("graph.unknown", api.refuseUnknown))
	for _, path := range []string{"/sites/", "/personal/"} { // SharePoint's pages are for people, not for apps
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "sign in", http.StatusForbidden)
		})
	}
}

// asApp wraps a handler: it refuses calls without a token for Graph or without the permission, and holds the lock while the
// handler runs.
func (api *GraphAPI) asApp(h http.HandlerFunc, permission string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		api.Mu.Lock()
		defer api.Mu.Unlock()
		switch {
		case !api.entra.IsAuthorized(r, ScopeGraph):
			api.refuseToken(w)
		case !api.entra.IsPermitted(permission):
			api.refuse(w, http.StatusForbidden, "Forbidden", "Missing role permissions on the request. API requires one of '"+permission+"'.")
		default:
			h(w, r)
		}
	}
}

// refuse answers with an error in Graph's format.
func (api *GraphAPI) refuse(w http.ResponseWriter, status int, code, text string) {
	WriteJSON(w, status, Object{"error": Object{
		"code": code, "message": text,
		"innerError": Object{
			"date":              api.Now().UTC().Format("2006-01-02T15:04:05"),
			"request-id":        api.GUID("request"),
			"client-request-id": api.GUID("request"),
		},
	}})
}

// findTeam returns the team whose group id is in the path. It refuses teams in which the app isn't installed, because
// permissions for a team come with the installation.
func (api *GraphAPI) findTeam(w http.ResponseWriter, r *http.Request) *Team {
	for _, t := range api.org.Teams {
		if t.GroupID != r.PathValue("group") {
			continue
		}
		if t.Installed {
			return t
		}
		api.refuse(w, http.StatusForbidden, "Forbidden", "The app is not installed in the team.")
		return nil
	}
	api.refuse(w, http.StatusNotFound, "NotFound", "No team found with Group Id "+r.PathValue("group")+".")
	return nil
}

// findChannel returns the channel that the path names, if the app has access to it.
func (api *GraphAPI) findChannel(w http.ResponseWriter, r *http.Request) *Room {
	t := api.findTeam(w, r)
	if t == nil {
		return nil
	}

	room := api.org.Channels[r.PathValue("channel")]
	isOfTeam := room != nil && room.Team == t.ID
	if !isOfTeam || room.Deleted {
		api.refuse(w, http.StatusNotFound, "NotFound", "No channel found with that id.")
		return nil
	}
	if !api.org.IsReachable(room) {
		api.refuse(w, http.StatusForbidden, "Forbidden", "The app is not added to the channel.")
		return nil
	}

	return room
}

// Page sizes of message lists.
const (
	pageSize    = 20
	maxPageSize = 50
)

// page is the part of a list that a call requests.
type page struct {
	size int
	skip int // number of messages on earlier pages
}

// cut returns the messages on the page.
func (p page) cut(messages []*Message) []*Message {
	return messages[min(p.skip, len(messages)):min(p.skip+p.size, len(messages))]
}

// readPage reads which page a call requests. ok is false if it has answered the call already.
func (api *GraphAPI) readPage(w http.ResponseWriter, r *http.Request) (requested page, ok bool) {
	query := r.URL.Query()
	for key := range query {
		if !slices.Contains([]string{"$top", "$expand", "$skiptoken"}, key) {
			api.refuse(w, http.StatusBadRequest, "BadRequest", "Query option '"+key+"' is not allowed.")
			return page{}, false
		}
	}

	requested = page{size: pageSize}
	var err error
	if text := query.Get("$top"); text != "" {
		requested.size, err = strconv.Atoi(text)
	}

	token := query.Get("$skiptoken")
	if token != "" && err == nil {
		requested.skip, err = strconv.Atoi(strings.TrimPrefix(token, "after-"))
	}

	isValid := requested.size >= 1 && requested.size <= maxPageSize && requested.skip >= 0
	if err != nil || !isValid {
		api.refuse(w, http.StatusBadRequest, "BadRequest", "Invalid page size or token specified.")
		return page{}, false
	}

	if api.Opt.EmptyPages && token == "" {
		const done, total = 0, 1 // so that the empty page has a next link
		api.answerPage(w, r, []Object{}, done, total)
		return page{}, false
	}

	return requested, true
}

// nextLink returns the URL of the page after the first skip messages.
func (api *GraphAPI) nextLink(r *http.Request, path string, skip int) string {
	query := r.URL.Query()
	query.Set("$skiptoken", "after-"+strconv.Itoa(skip))
	return api.Host.URL() + path + "?" + query.Encode()
}

// newestRoots returns the first messages of a channel's threads, newest first, as Graph orders them. Like newestReplies, it
// leaves out targeted messages, which only one person sees.
func newestRoots(room *Room) []*Message {
	return listNewest(room.Messages, func(m *Message) bool { return m.Root == m.ID })
}

// newestReplies returns the replies of a thread, newest first.
func newestReplies(room *Room, root *Message) []*Message {
	return listNewest(room.Threads[root.ID], func(m *Message) bool { return m.ID != root.ID })
}

func listNewest(list []*Message, want func(*Message) bool) []*Message {
	var newest []*Message
	for _, m := range slices.Backward(list) {
		if m.Targeted == "" && want(m) {
			newest = append(newest, m)
		}
	}
	return newest
}

func (api *GraphAPI) listMessages(w http.ResponseWriter, r *http.Request) {
	room := api.findChannel(w, r)
	if room == nil {
		return
	}

	requested, ok := api.readPage(w, r)
	if !ok {
		return
	}

	expand := r.URL.Query().Get("$expand")
	if expand != "" && expand != "replies" {
		api.refuse(w, http.StatusBadRequest, "BadRequest", "Only replies can be expanded.")
		return
	}

	roots := newestRoots(room)
	list := []Object{}
	for _, m := range requested.cut(roots) {
		item := api.view.chatMessage(room, m)
		if expand != "" {
			api.expandReplies(item, room, m)
		}
		list = append(list, item)
	}

	api.answerPage(w, r, list, requested.skip+requested.size, len(roots))
}

// answerPage answers with one page of messages, and a link to the next page if there is one. done is the number of messages
// up to the end of this page, and total that of the whole list.
func (api *GraphAPI) answerPage(w http.ResponseWriter, r *http.Request, list []Object, done, total int) {
	answer := Object{"@odata.context": api.Host.URL() + "/graph/v1.0/$metadata#chatMessages", "@odata.count": len(list), "value": list}
	if done < total {
		answer["@odata.nextLink"] = api.nextLink(r, r.URL.EscapedPath(), done)
	}
	WriteJSON(w, http.StatusOK, answer)
}

// expandReplies adds the newest replies of a thread to its first message, and a link to the others.
func (api *GraphAPI) expandReplies(item Object, room *Room, root *Message) {
	replies := newestReplies(room, root)
	list := []Object{}
	for _, m := range replies[:min(api.Opt.GraphPage, len(replies))] {
		list = append(list, api.view.chatMessage(room, m))
	}
	item["replies"], item["replies@odata.count"] = list, len(list)
	if len(replies) > len(list) {
		rest := "/replies?$skiptoken=after-" + strconv.Itoa(len(list))
		item["replies@odata.nextLink"] = api.Host.URL() + api.view.messagePath(room, root) + rest
	}
}

func (api *GraphAPI) listReplies(w http.ResponseWriter, r *http.Request) {
	room, root := api.findMessage(w, r, r.PathValue("root"))
	if root == nil {
		return
	}

	requested, ok := api.readPage(w, r)
	if !ok {
		return
	}

	replies := newestReplies(room, root)
	list := []Object{}
	for _, m := range requested.cut(replies) {
		list = append(list, api.view.chatMessage(room, m))
	}

	api.answerPage(w, r, list, requested.skip+requested.size, len(replies))
}

// findMessage returns the message with an id in the thread that the path names, and its channel. It refuses targeted
// messages.
func (api *GraphAPI) findMessage(w http.ResponseWriter, r *http.Request, id string) (*Room, *Message) {
	room := api.findChannel(w, r)
	if room == nil {
		return nil, nil
	}
	m := room.ByID[id]
	isForAll := m != nil && m.Targeted == ""
	if !isForAll || m.Root != r.PathValue("root") {
		api.refuse(w, http.StatusNotFound, "NotFound", "Message with id "+id+" not found.")
		return nil, nil
	}
	return room, m
}

// messageIDOf returns the id of the message that the path names: a reply's, or otherwise the root's.
func messageIDOf(r *http.Request) string {
	if id := r.PathValue("id"); id != "" {
		return id
	}
	return r.PathValue("root")
}

func (api *GraphAPI) getMessage(w http.ResponseWriter, r *http.Request) {
	if room, m := api.findMessage(w, r, messageIDOf(r)); m != nil {
		WriteJSON(w, http.StatusOK, api.view.chatMessage(room, m))
	}
}
