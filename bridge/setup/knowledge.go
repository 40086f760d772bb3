package setup

import (
	"context"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge/setup/document"
	"parley/store"
	"parley/store/knowledge"
)

// readKnowledge reads what suggested replies may draw on: folders and web sites.
func (f *File) readKnowledge(entries []*object) {
	for _, o := range entries {
		folder, site := o.Text("folder"), o.Text("url")
		o.Done()
		switch {
		case (folder == nil) == (site == nil):
			o.Fault(o.At, "folder", "stands beside url, or neither is there", "Write one entry each: - folder: /srv/knowledge, or - url: https://example.com/help/")
		case folder != nil && !filepath.IsAbs(strings.TrimSpace(folder.Value)):
			o.Fault(folder.At, "folder", "is no absolute path", "Write /srv/knowledge.")
		case folder != nil:
			f.knowledge = append(f.knowledge, filepath.Clean(strings.TrimSpace(folder.Value)))
		case !isSite(site.Value):
			o.Fault(site.At, "url", "is no address of a web site", "Write https://example.com/help/, without a user or a password.")
		default:
			f.knowledge = append(f.knowledge, strings.TrimSpace(site.Value))
		}
	}
	slices.Sort(f.knowledge)
	f.knowledge = slices.Compact(f.knowledge)
}

// folders refuses new folders by somebody who is no super-admin: each text in them may come up in a suggested reply, whatever
// else the server keeps there.
// Errors: Faults.
func (w *work) folders() error {
	var faults Faults
	if _, super := w.author(); super {
		return nil
	}
	for _, place := range w.want.knowledge {
		if !(knowledge.Place{Place: place}).IsSite() && !slices.Contains(w.have.knowledge, place) {
			faults.Add(Position{}, "set-up: knowledge", "only super-admins let Parley read a folder of its server: "+place, "Ask one of them, or name a web site.")
		}
	}
	return faults.Err()
}

// isSite says whether an address is one from which a web site can be read.
func isSite(address string) bool {
	u, err := url.Parse(strings.TrimSpace(address))
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.Fragment == ""
}

// knowledgeOf adds to a state what suggested replies may draw on.
func (s *state) knowledgeOf(ctx context.Context, q store.Querier) error {
	places, err := knowledge.Places(ctx, q)
	for _, p := range places {
		s.knowledge = append(s.knowledge, p.Place)
	}
	return err
}

// knowledgeChanges lists, for people, which folders and sites come and go.
func knowledgeChanges(have, want *state) []string {
	var lines []string
	for _, p := range want.knowledge {
		if !slices.Contains(have.knowledge, p) {
			lines = append(lines, "+ knowledge "+shown(p))
		}
	}
	for _, p := range have.knowledge {
		if !slices.Contains(want.knowledge, p) {
			lines = append(lines, "- knowledge "+shown(p)+": what was read there is forgotten")
		}
	}
	return lines
}

func (w *work) saveKnowledge(ctx context.Context, tx pgx.Tx) error {
	if slices.Equal(w.have.knowledge, w.want.knowledge) {
		return nil
	}
	_, super := w.author()
	return knowledge.SavePlaces(ctx, tx, w.want.knowledge, super)
}

func (s *state) exportKnowledge() []*document.Draft {
	var groups []*document.Draft
	for _, p := range s.knowledge {
		g := &document.Draft{}
		if (knowledge.Place{Place: p}).IsSite() {
			g.Text("url", p)
		} else {
			g.Text("folder", p)
		}
		groups = append(groups, g)
	}
	return groups
}
