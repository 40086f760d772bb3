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
	"parley/cmd/parley/demo/company"
)

// The page of the demo shows some chats side by side, each in a pane: what customers see, and Slack or Microsoft
// Teams, where agents work. A visitor plays all these people. Instead of the real services, Parley talks to emulators
// of them, which package company starts. This file is the server's part of the pane of Teams: it
// answers what the page's script asks for. teamsstate.go says what the pane shows.

// teamsPane is the pane of Teams. Without Teams, it has no routes and the page doesn't show it.
type teamsPane struct {
	*pageState          // what all panes share: the company and what visitors have read
	app        teamsApp // what Teams offers of Parley; set by readManifest
}

// addRoutes registers the addresses that the page's script, and links in the pane, use.
func (p *teamsPane) addRoutes(mux *http.ServeMux) {
	if p.company.Teams == nil {
		return
	}
	// The emulator itself handles what people do in Teams.
	mux.Handle("POST /teams/_fake/person/", http.StripPrefix("/teams", p.company.Teams))
	mux.HandleFunc("POST /teams/read", p.readTeams)
	mux.HandleFunc("POST /teams/permission", p.permitTeams)
	mux.HandleFunc("GET /teams/files/{id}", p.serveTeamsFile)
	mux.HandleFunc("GET /teams/pictures/{channel}/{message}/{n}", p.serveTeamsPicture)
	mux.HandleFunc("GET /l/message/{channel}/{message}", p.followTeamsLink)
}

// readManifest reads what Teams offers of Parley. It must be called before the page is shown.
func (p *teamsPane) readManifest() (err error) {
	p.app, err = readTeamsApp()
	return err
}

// teamsBoot is what the page's script is given once, when the page is loaded, to show Teams.
type teamsBoot struct {
	Support string   `json:"support"` // id of the channel of the support team
	Agents  []string `json:"agents"`  // user ids of the same people as in boot.Agents, in the same order
	App     teamsApp `json:"app"`
}

// newBoot returns nil if there is no Teams.
func (p *teamsPane) newBoot() *teamsBoot {
	if p.company.Teams == nil {
		return nil
	}
	return &teamsBoot{
		Support: company.TeamsSupport,
		Agents:  []string{company.TeamsAnn, company.TeamsBen, company.TeamsZoe},
		App:     p.app,
	}
}

// readTeams handles POST /teams/read: a person has seen all that stands in a place, so nothing there is new any more.
// Form fields:
//
//	as       the user id of the person
//	channel  a channel's id; "" means the person's chat with the app
//	thread   the id of a thread's first message; "" means the posts of the channel, without their threads
func (p *teamsPane) readTeams(w http.ResponseWriter, r *http.Request) {
	as := r.FormValue("as")
	channel, thread := r.FormValue("channel"), r.FormValue("thread")

	last := ""
	for _, m := range p.company.Teams.Shown(as, channel) {
		// Ids are milliseconds since 1970, all of them with 13 digits, so a later message has a greater id as a text,
		// too.
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

// upgradeTimeout is how long the page waits until Parley has been told of another version of the app.
const upgradeTimeout = 2 * time.Second

// permitTeams handles POST /teams/permission: the owner of the team decides what Parley may read in the team's
// channels. The form field all is "yes" for all messages; otherwise Parley gets only those that mention it.
func (p *teamsPane) permitTeams(w http.ResponseWriter, r *http.Request) {
	p.company.Teams.Entra.SetRSC(r.FormValue("all") == "yes")
	p.hub.wake()

	// An owner changes this with a new version of the app, of which Teams tells Parley: it looks at once what it may read.
	ctx, cancel := context.WithTimeout(r.Context(), upgradeTimeout)
	defer cancel()
	_ = p.company.Teams.Admin.Upgrade(ctx, company.TeamsTeam) //nolint:errcheck // cut off, Parley learns it when it reads the channel next
	writeJSON(w, map[string]bool{"ok": true})
}

// serveTeamsFile handles GET /teams/files/{id}: it sends a file that somebody posted. The browser shows a picture, and
// saves all else.
func (p *teamsPane) serveTeamsFile(w http.ResponseWriter, r *http.Request) {
	f := p.company.Teams.File(r.PathValue("id"))
	if f == nil {
		http.NotFound(w, r)
		return
	}
	serveFile(w, f.Name, f.Type, f.Data)
}

// serveTeamsPicture handles GET /teams/pictures/{channel}/{message}/{n}: it sends the n-th picture of a message, counted
// from 0, which Parley posted as a data URI: "data:image/png;base64,iVBORw0…".
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

// parseDataURI reads a data URI whose content is base64. ok is false for any other address.
func parseDataURI(uri string) (mediaType string, content []byte, ok bool) {
	head, data, _ := strings.Cut(uri, ",") // without a comma, head has no suffix ";base64" or data is empty
	mediaType, isBase64 := strings.CutSuffix(strings.TrimPrefix(head, "data:"), ";base64")
	content, err := base64.StdEncoding.DecodeString(data)
	return mediaType, content, isBase64 && err == nil
}

// followTeamsLink handles the links by which Teams names messages. It opens the page at the message's thread.
// Shape: /l/message/19:…@thread.tacv2/1700000000000?parentMessageId=1699999999999
func (p *teamsPane) followTeamsLink(w http.ResponseWriter, r *http.Request) {
	channel, message := r.PathValue("channel"), r.PathValue("message")
	m := p.company.Teams.Message(channel, message)
	if m == nil || m.Targeted != "" { // a message for one person alone has no link
		http.Error(w, "There is no such message.", http.StatusNotFound)
		return
	}
	http.Redirect(w, r, "/?surface=teams#"+url.PathEscape(channel)+"/"+m.Root, http.StatusSeeOther)
}

// watch has open pages draw themselves anew whenever people would see a change in Teams. It returns when ctx ends.
func (p *teamsPane) watch(ctx context.Context) {
	if p.company.Teams == nil {
		return
	}

	changes := p.company.Teams.Subscribe()
	for {
		news, err := changes.Next(ctx)
		if err != nil { // ctx has ended
			return
		}
		if slices.ContainsFunc(news, isVisibleInTeams) {
			p.hub.wake()
		}
	}
}

// isVisibleInTeams reports whether people see a change. What Parley and Teams say to each other isn't seen itself;
// what comes of it is a change of its own.
func isVisibleInTeams(c teamsfake.Change) bool {
	switch c.Kind {
	case "call", "activity", "ack", "retry", "invoke", "answer":
		return false
	default:
		return true
	}
}
