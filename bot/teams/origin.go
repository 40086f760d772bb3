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

	"parley/bot/teams/graph"
	"parley/bot/teams/rest"
)

// origin is where a file was attached and by whom. Graph reads files with the app's right: only
// those count that lie in the channel's own site, or in the OneDrive of who attached them.
type origin struct {
	Channel string
	Author  string // Entra object id; "" = nobody's
}

// sealed begins the addresses of files as Decode gives them: with their origin. No part of a
// message gets around it: Open reads nothing of Graph's without one.
const sealed = "teams:?"

func (o origin) seal(address string) string {
	if address == "" {
		return ""
	}
	return sealed + url.Values{"channel": {o.Channel}, "author": {o.Author}, "url": {address}}.Encode()
}

// unseal gives back what seal was given; of what an older Parley stored, no origin.
func unseal(address string) (origin, string) {
	packed, ok := strings.CutPrefix(address, sealed)
	if !ok {
		return origin{}, address
	}
	v, err := url.ParseQuery(packed)
	if err != nil {
		return origin{}, ""
	}
	return origin{Channel: v.Get("channel"), Author: v.Get("author")}, v.Get("url")
}

// fileElsewhere is why a file isn't read that lies where everybody's files may lie.
const fileElsewhere = "it lies outside this team's files and your OneDrive. Upload it to this channel, or choose Reply and “Attach files…”"

// Errors of admit, besides those of graph and connector.
var (
	errElsewhere = errors.New(fileElsewhere)
	errLibrary   = errors.New("teams: Graph tells no library")
)

// admit gives the address under which Graph may read a file that was attached.
// Errors: errElsewhere; others tell nothing of the file: the libraries could not be asked for.
func (fs *files) admit(ctx context.Context, o origin, address string) (string, error) {
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

// noDrive says that a person has no OneDrive of which we may know.
// Source: 400 for people without one: github.com/OneDrive/onedrive-api-docs/issues/1572, read 2026-11.
func noDrive(err error) bool {
	var e *graph.Error
	return errors.Is(err, graph.ErrNotGranted) || errors.Is(err, graph.ErrNotFound) || errors.As(err, &e) && e.Status == http.StatusBadRequest
}

func (fs *files) onlyNamedSites(ctx context.Context) bool {
	rights, ok, err := fs.graph.Rights(ctx)
	return err == nil && ok && rights.OnlyNamedSites()
}

// library is where files of a channel or of a person lie.
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
		group, err := fs.notes.group(ctx, channel)
		if err != nil {
			return "", err
		}
		return fs.graph.Folder(ctx, group, channel)
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

// drive gives the library of a person's OneDrive; nil of nobody.
func (fs *files) drive(ctx context.Context, user string) (*url.URL, error) {
	if user == "" {
		return nil, nil //nolint:nilnil // nothing is below it
	}
	return fs.library(ctx, "person "+user, func() (string, error) { return fs.graph.Drive(ctx, user) })
}

// library asks for one unless it is remembered.
func (fs *files) library(ctx context.Context, name string, ask func() (string, error)) (*url.URL, error) {
	if l, ok := fs.libraries.get(name); ok && fs.now().Sub(l.asked) < libraryFor {
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
	fs.libraries.put(name, library{at: at, asked: fs.now()})
	return at, nil
}

// below gives a file's address anew if it is below a place: so that what is read is what was
// looked at, without a query, which can name another file. SharePoint's paths have no case.
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

// leadsAway says whether a part of a path could mean another place to who decodes it again, or
// takes a backslash for a slash.
func leadsAway(part string) bool {
	if again, err := url.PathUnescape(part); err == nil {
		part = again
	}
	return strings.ContainsAny(part, `/\`) || strings.Trim(part, ". ") == ""
}
