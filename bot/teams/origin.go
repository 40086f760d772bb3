package teams

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/rest"
)

// fileElsewhere is what people are told of a file that isn't read because it lies outside of its origin.
const fileElsewhere = "it lies outside this team's files and your OneDrive. Upload it to this channel, or choose Reply and “Attach files…”"

// Errors of admit, besides those of graph and connector.
var (
	errElsewhere = errors.New(fileElsewhere)
	errLibrary   = errors.New("teams: Graph tells no library")
)

// admit gives the address under which Graph may read an attached file.
// Errors: errElsewhere for a file that must not be read; any other means that nobody can tell now,
// because the libraries could not be asked for.
func (fs *files) admit(ctx context.Context, o fact.Origin, address string) (string, error) {
	if o.Channel == "" {
		return "", errElsewhere
	}
	site, errSite := fs.site(ctx, o.Channel)
	if inside, ok := below(site, address); ok {
		return inside, nil
	}
	drive, errDrive := fs.drive(ctx, o.Author)
	if inside, ok := below(drive, address); ok {
		return inside, nil
	}
	switch {
	case errors.Is(errSite, graph.ErrNotGranted) && fs.onlyNamedSites(ctx):
		return address, nil // an admin named the sites, and Graph refuses all others
	case errSite != nil:
		return "", errSite
	case errDrive != nil && !noDrive(errDrive):
		return "", errDrive
	}
	return "", errElsewhere
}

// noDrive says whether an error means that a person has no OneDrive, or none that we may see.
// Source: 400 for people without one: github.com/OneDrive/onedrive-api-docs/issues/1572, read 2026-11.
func noDrive(err error) bool {
	var e *graph.Error
	return errors.Is(err, graph.ErrNotGranted) || errors.Is(err, graph.ErrNotFound) || errors.As(err, &e) && e.Status == http.StatusBadRequest
}

func (fs *files) onlyNamedSites(ctx context.Context) bool {
	rights, ok, err := fs.Graph.Rights(ctx)
	return err == nil && ok && rights.OnlyNamedSites()
}

// library is the place in which the files of a channel or a person lie.
type library struct {
	at    *url.URL
	asked time.Time
}

// libraryFor is how long a library is remembered.
const libraryFor = time.Hour

// site gives the site of a channel, /sites/NAME or /teams/NAME: a private or shared channel has
// its own.
func (fs *files) site(ctx context.Context, channel string) (*url.URL, error) {
	folder, err := fs.library(ctx, "channel "+channel, func() (string, error) {
		group, err := fs.Notes.Group(ctx, channel)
		if err != nil {
			return "", err
		}
		return fs.Graph.Folder(ctx, group, channel)
	})
	if err != nil {
		return nil, err
	}
	parts := strings.SplitN(folder.Path, "/", 4)
	if len(parts) < 4 || parts[1] != "sites" && parts[1] != "teams" {
		return nil, errLibrary
	}
	return &url.URL{Scheme: folder.Scheme, Host: folder.Host, Path: strings.Join(parts[:3], "/")}, nil
}

// drive gives the library of a person's OneDrive; nil for user "".
func (fs *files) drive(ctx context.Context, user string) (*url.URL, error) {
	if user == "" {
		return nil, nil //nolint:nilnil // nothing is below it
	}
	return fs.library(ctx, "person "+user, func() (string, error) { return fs.Graph.Drive(ctx, user) })
}

// library gives a library's address; it asks only if it doesn't remember the address.
func (fs *files) library(ctx context.Context, name string, ask func() (string, error)) (*url.URL, error) {
	if l, ok := fs.libraries.Get(name); ok && fs.Now().Sub(l.asked) < libraryFor {
		return l.at, nil
	}
	address, err := ask()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && !rest.LocalURL(address) {
		return nil, errLibrary
	}
	at := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: path.Clean(u.Path)}
	if strings.Count(at.Path, "/") < 2 { // a whole host is nobody's
		return nil, errLibrary
	}
	fs.libraries.Put(name, library{at: at, asked: fs.Now()})
	return at, nil
}

// below says whether a file's address is below a place. It builds the address that is then read from
// the checked parts, without the query, which could name another file. SharePoint's paths ignore case.
func below(place *url.URL, address string) (string, bool) {
	u, err := url.Parse(address)
	if place == nil || err != nil || u.User != nil || u.Scheme != place.Scheme || !strings.EqualFold(u.Host, place.Host) {
		return "", false
	}
	at, parts := strings.Split(place.Path, "/"), strings.Split(path.Clean(u.Path), "/")
	if len(parts) <= len(at) || !slices.EqualFunc(at, parts[:len(at)], strings.EqualFold) || slices.ContainsFunc(parts[len(at):], leadsAway) {
		return "", false
	}
	return (&url.URL{Scheme: place.Scheme, Host: place.Host, Path: place.Path + "/" + strings.Join(parts[len(at):], "/")}).String(), true
}

// leadsAway says whether a part of a path could lead to another place on a server that decodes it once
// more, or that takes a backslash for a slash.
func leadsAway(part string) bool {
	if again, err := url.PathUnescape(part); err == nil {
		part = again
	}
	return strings.ContainsAny(part, `/\`) || strings.Trim(part, ". ") == ""
}
