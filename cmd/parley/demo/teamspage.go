package demo

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"parley/bot/teams/teamsfake"
)

// teamsPane serves the Microsoft Teams pane of the demo's page.
//
// The page shows several apps side by side, each in a pane: the customers' mailboxes and phones, and Slack or Teams, where
// the company's agents work. A visitor acts as all of these people. Parley talks to emulators of the services, which
// company*.go starts. For example, when the visitor has read a channel as Ann, the page's script sends
// POST /teams/read. This file has the HTTP handlers; teamsstate.go computes what the pane shows.
//
// If the company doesn't use Teams, teamsPane registers no routes and the page doesn't show the pane.
type teamsPane struct {
	*pageState          // shared by all panes: the company and what visitors have read
	app        teamsApp // Parley's commands in Teams; set by readManifest
}

// addRoutes registers the handlers for the page's script and for links in the pane.
func (p *teamsPane) addRoutes(mux *http.ServeMux) {
	if p.company.Teams == nil {
		return
	}
	// The emulator itself handles what users do in Teams.
	mux.Handle("POST /teams/_fake/person/", http.StripPrefix("/teams", p.company.Teams))
	mux.HandleFunc("POST /teams/read", p.readTeams)
	mux.HandleFunc("POST /teams/permission", p.permitTeams)
	mux.HandleFunc("GET /teams/files/{id}", p.serveTeamsFile)
	mux.HandleFunc("GET /teams/pictures/{channel}/{message}/{n}", p.serveTeamsPicture)
	mux.HandleFunc("GET /l/message/{channel}/{message}", p.followTeamsLink)
}

// readManifest reads Parley's commands in Teams. It must be called before the page is served.
func (p *teamsPane) readManifest() (err error) {
	p.app, err = readTeamsApp()
	return err
}

// teamsBoot is the data about Teams that the page's script receives once, when the page is loaded.
type teamsBoot struct {
	Support string   `json:"support"` // id of the support team's channel
	Agents  []string `json:"agents"`  // user ids of the same people as in boot.Agents, in the same order
	App     teamsApp `json:"app"`
}

// newBoot returns nil if the company doesn't use Teams.
func (p *teamsPane) newBoot() *teamsBoot {
	if p.company.Teams == nil {
		return nil
	}
	return &teamsBoot{
		Support: TeamsSupport,
		Agents:  []string{TeamsAnn, TeamsBen, TeamsZoe},
		App:     p.app,
	}
}

// readTeams handles POST /teams/read: it marks a channel, a chat or a thread as read by a user.
// Form fields:
//
//	as       the id of the user
//	channel  the id of the channel; "" means the user's chat with the app
//	thread   the id of the thread's first message; "" means the posts of the channel, without their replies
func (p *teamsPane) readTeams(w http.ResponseWriter, r *http.Request) {
	as := r.FormValue("as")
	channel, thread := r.FormValue("channel"), r.FormValue("thread")

	last := ""
	for _, m := range p.company.Teams.Shown(as, channel) {
		// Ids are Unix times in milliseconds with 13 digits each, so they can be compared as strings.
		if isInPlace(m, thread) && m.ID > last {
			last = m.ID
		}
	}
	if channel == "" {
		channel = p.company.Teams.PersonalID(as)
	}

	p.marks.mu.Lock()
	p.marks.read[readKey(as, channel, thread)] = last
	p.marks.mu.Unlock()
	p.hub.wake()
	writeJSON(w, map[string]bool{"ok": true})
}

// upgradeTimeout limits how long permitTeams waits for Parley to handle the event about a new version of the app.
const upgradeTimeout = 2 * time.Second

// permitTeams handles POST /teams/permission: the owner of the team decides which messages Parley may read in the team's
// channels. If the form field "all" is "yes", Parley may read all of them; otherwise only those that mention it.
func (p *teamsPane) permitTeams(w http.ResponseWriter, r *http.Request) {
	p.company.Teams.Entra.SetRSC(r.FormValue("all") == "yes")
	p.hub.wake()

	// In Teams, an owner grants permissions by installing a new version of the app. Teams notifies Parley, which checks
	// its permissions immediately.
	ctx, cancel := context.WithTimeout(r.Context(), upgradeTimeout)
	defer cancel()
	_ = p.company.Teams.Admin.Upgrade(ctx, TeamsTeam) //nolint:errcheck // Parley also checks when it next reads the channel
	writeJSON(w, map[string]bool{"ok": true})
}

// serveTeamsFile handles GET /teams/files/{id}: it sends a file that a user posted. Browsers display images and download
// other files.
func (p *teamsPane) serveTeamsFile(w http.ResponseWriter, r *http.Request) {
	f := p.company.Teams.File(r.PathValue("id"))
	if f == nil {
		http.NotFound(w, r)
		return
	}
	serveFile(w, f.Name, f.Type, f.Data)
}

// serveTeamsPicture handles GET /teams/pictures/{channel}/{message}/{n}: it sends the picture with the index n (from 0) in
// a message of Parley, which embeds pictures as data URIs: "data:image/png;base64,iVBORw0…".
func (p *teamsPane) serveTeamsPicture(w http.ResponseWriter, r *http.Request) {
	m := p.company.Teams.Message(r.PathValue("channel"), r.PathValue("message"))
	if m == nil {
		http.NotFound(w, r)
		return
	}

	pictures := sentPictures(m)
	n, isIndex := parseIndex(r.PathValue("n"), len(pictures))
	if !isIndex {
		http.NotFound(w, r)
		return
	}

	mediaType, picture, ok := parseDataURI(pictures[n])
	if !ok {
		http.NotFound(w, r)
		return
	}
	serveFile(w, "picture", mediaType, picture)
}

// parseDataURI decodes a base64 data URI. ok is false for any other URI.
func parseDataURI(uri string) (mediaType string, content []byte, ok bool) {
	head, data, _ := strings.Cut(uri, ",") // without a comma, head has no suffix ";base64" or data is empty
	mediaType, isBase64 := strings.CutSuffix(strings.TrimPrefix(head, "data:"), ";base64")
	content, err := base64.StdEncoding.DecodeString(data)
	return mediaType, content, isBase64 && err == nil
}

// followTeamsLink handles Teams' links to messages. It opens the page at the message's thread.
// Example: /l/message/19:…@thread.tacv2/1700000000000?parentMessageId=1699999999999
func (p *teamsPane) followTeamsLink(w http.ResponseWriter, r *http.Request) {
	channel, message := r.PathValue("channel"), r.PathValue("message")
	m := p.company.Teams.Message(channel, message)
	if m == nil || m.Targeted != "" { // a message that only one user can see has no link
		http.Error(w, "There is no such message.", http.StatusNotFound)
		return
	}
	http.Redirect(w, r, "/?surface=teams#"+url.PathEscape(channel)+"/"+m.Root, http.StatusSeeOther)
}

// watch tells open pages to refresh when something visible has changed in Teams. It returns when ctx ends.
func (p *teamsPane) watch(ctx context.Context) {
	if p.company.Teams == nil {
		return
	}

	changes := p.company.Teams.Subscribe()
	for {
		batch, err := changes.Next(ctx)
		if err != nil { // ctx has ended
			return
		}
		if slices.ContainsFunc(batch, isVisibleInTeams) {
			p.hub.wake()
		}
	}
}

// isVisibleInTeams reports whether users can see a change. API traffic between Parley and Teams is invisible; its results,
// such as a new message, are separate changes.
func isVisibleInTeams(c teamsfake.Change) bool {
	switch c.Kind {
	case "call", "activity", "ack", "retry", "invoke", "answer":
		return false
	default:
		return true
	}
}
