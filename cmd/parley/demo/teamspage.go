package demo

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"parley/bot/teams/manifest"
	"parley/cmd/parley/demo/outside"
)

// teamsPane is the page's Teams. A world may have none.
type teamsPane struct {
	*house
	app teamsApp
}

func (p *teamsPane) addRoutes(mux *http.ServeMux) {
	if p.world.Teams == nil {
		return
	}
	// The emulator itself handles what people do in Teams.
	mux.Handle("POST /teams/_fake/person/", http.StripPrefix("/teams", p.world.Teams))
	mux.HandleFunc("POST /teams/read", p.readTeams)
	mux.HandleFunc("POST /teams/permission", p.permitTeams)
	mux.HandleFunc("GET /teams/files/{id}", p.teamsFile)
	mux.HandleFunc("GET /teams/pictures/{channel}/{message}/{n}", p.teamsPicture)
	mux.HandleFunc("GET /l/message/{channel}/{message}", p.followTeamsLink)
}

// teamsApp is what Parley's own manifest lets Teams offer.
type teamsApp struct {
	Actions  []teamsCommand `json:"actions"`  // in a message's menu
	Compose  []teamsCommand `json:"compose"`  // beside the message box, with a dialog
	Search   []teamsCommand `json:"search"`   // likewise, with a search
	Slash    []teamsCommand `json:"slash"`    // typed after / in a channel
	Personal []teamsCommand `json:"personal"` // offered in the chat with the app
}

// teamsCommand is an entry of a menu, or with the id "" a word that is typed.
type teamsCommand struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

// readManifest learns from Parley's own manifest what Teams would offer.
func (p *teamsPane) readManifest() error {
	raw, err := manifest.JSON(manifest.Options{AppID: outside.TeamsAppID, PublicURL: "https://parley.acme.test"})
	if err != nil {
		return err
	}

	var m struct {
		Bots []struct {
			Lists []struct {
				Scopes   []string       `json:"scopes"`
				Triggers []string       `json:"triggers"`
				Commands []teamsCommand `json:"commands"`
			} `json:"commandLists"`
		} `json:"bots"`
		Extensions []struct {
			Commands []struct {
				teamsCommand
				Type    string   `json:"type"`
				Context []string `json:"context"`
			} `json:"commands"`
		} `json:"composeExtensions"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("demo: Teams manifest: %w", err)
	}

	for _, b := range m.Bots {
		for _, l := range b.Lists {
			if slices.Contains(l.Triggers, "slash") {
				p.app.Slash = append(p.app.Slash, l.Commands...)
			}
			if slices.Contains(l.Scopes, "personal") {
				p.app.Personal = append(p.app.Personal, l.Commands...)
			}
		}
	}

	for _, e := range m.Extensions {
		for _, c := range e.Commands {
			if slices.Contains(c.Context, "message") {
				p.app.Actions = append(p.app.Actions, c.teamsCommand)
			}

			if c.Type == "query" {
				p.app.Search = append(p.app.Search, c.teamsCommand)
			} else if slices.Contains(c.Context, "compose") {
				p.app.Compose = append(p.app.Compose, c.teamsCommand)
			}
		}
	}

	return nil
}

// teamsBoot is what the page's script needs once to show Teams.
type teamsBoot struct {
	Support string   `json:"support"` // channel
	Agents  []string `json:"agents"`  // in the order of boot.Agents
	App     teamsApp `json:"app"`
}

func (p *teamsPane) newBoot() *teamsBoot {
	if p.world.Teams == nil {
		return nil
	}
	return &teamsBoot{Support: outside.TeamsSupport, Agents: []string{outside.TeamsAnn, outside.TeamsBen, outside.TeamsZoe}, App: p.app}
}

// readTeams is POST /teams/read with as, channel ("" means the chat with the app) and thread
// ("" means the channel's posts): the person has seen what stands there.
func (p *teamsPane) readTeams(w http.ResponseWriter, r *http.Request) {
	as := r.FormValue("as")
	channel, thread := r.FormValue("channel"), r.FormValue("thread")
	last := ""
	for _, m := range p.world.Teams.Shown(as, channel) {
		if isInPlace(m, thread) && m.ID > last {
			last = m.ID
		}
	}

	if channel == "" {
		channel = p.world.Teams.PersonalID(as)
	}

	p.marks.mu.Lock()
	p.marks.read[readKey(as, channel, thread)] = last
	p.marks.mu.Unlock()
	p.hub.wake()
	writeJSON(w, map[string]bool{"ok": true})
}

// permitTeams is POST /teams/permission with all: whether Parley may read all messages of
// the team's channels, which a team's owner grants, or only those that mention it.
func (p *teamsPane) permitTeams(w http.ResponseWriter, r *http.Request) {
	p.world.Teams.Entra.SetRSC(r.FormValue("all") == "yes")
	p.hub.wake()
	writeJSON(w, map[string]bool{"ok": true})
}

// teamsFile gives a posted file: pictures are shown, all else is saved.
func (p *teamsPane) teamsFile(w http.ResponseWriter, r *http.Request) {
	f := p.world.Teams.File(r.PathValue("id"))
	if f == nil {
		http.NotFound(w, r)
		return
	}
	serveFile(w, f.Name, f.Type, f.Data)
}

// teamsPicture gives a picture that came in a message of the app as a data URI.
// Shape: data:image/png;base64,iVBORw0…
func (p *teamsPane) teamsPicture(w http.ResponseWriter, r *http.Request) {
	m := p.world.Teams.Message(r.PathValue("channel"), r.PathValue("message"))
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

	head, data, _ := strings.Cut(pictures[n], ",")
	kind, encoded := strings.CutSuffix(strings.TrimPrefix(head, "data:"), ";base64")
	picture, err := base64.StdEncoding.DecodeString(data)
	if err != nil || !encoded {
		http.NotFound(w, r)
		return
	}

	serveFile(w, "picture", kind, picture)
}

// followTeamsLink opens the page at a message that a link of Teams names.
// Shape: /l/message/19:…@thread.tacv2/1700000000000?parentMessageId=1699999999999
func (p *teamsPane) followTeamsLink(w http.ResponseWriter, r *http.Request) {
	channel, message := r.PathValue("channel"), r.PathValue("message")
	m := p.world.Teams.Message(channel, message)
	if m == nil || m.Targeted != "" {
		http.Error(w, "There is no such message.", http.StatusNotFound)
		return
	}
	http.Redirect(w, r, "/?surface=teams#"+url.PathEscape(channel)+"/"+m.Root, http.StatusSeeOther)
}

// watch tells open pages what happens in Teams.
func (p *teamsPane) watch(ctx context.Context) {
	if p.world.Teams == nil {
		return
	}

	sub := p.world.Teams.Subscribe()
	quiet := []string{"call", "activity", "ack", "retry", "invoke", "answer"}
	for {
		changes, err := sub.Next(ctx)
		if err != nil {
			return
		}

		for _, c := range changes {
			if !slices.Contains(quiet, c.Kind) {
				p.hub.wake()
				break
			}
		}
	}
}
