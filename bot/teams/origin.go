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

// fileElsewhere is what people are told of a file that isn't read because it lies outside of the places where the files
// of its channel and of its author lie (fact.Origin).
const fileElsewhere = "it lies outside this team's files and your OneDrive. Upload it to this channel, or choose Reply and “Attach files…”"

// Errors of allowedAddress, besides those of graph and connector.
var (
	errElsewhere = errors.New(fileElsewhere)
	errLibrary   = errors.New("teams: Graph tells no library")
)

// allowedAddress returns the address under which Graph may read an attached file. The file must lie in the channel's site
// or in its author's OneDrive: Graph would read others, too, which the author may not be allowed to see.
// Errors: errElsewhere for a file that must not be read. Any other means that nobody can tell now, because Graph didn't
// tell where the files of the channel or the author lie.
func (fs *files) allowedAddress(ctx context.Context, o fact.Origin, address string) (string, error) {
	if o.Channel == "" {
		return "", errElsewhere
	}

	site, errSite := fs.siteOf(ctx, o.Channel)
	if inside, ok := addressBelow(site, address); ok {
		return inside, nil
	}

	drive, errDrive := fs.driveOf(ctx, o.Author)
	if inside, ok := addressBelow(drive, address); ok {
		return inside, nil
	}
	if errors.Is(errSite, graph.ErrNotGranted) && fs.mayReadOnlyNamedSites(ctx) {
		return address, nil // an admin named the sites, and Graph refuses all others
	}
	if errSite != nil {
		return "", errSite
	}
	if errDrive != nil && !hasNoDrive(errDrive) {
		return "", errDrive
	}

	return "", errElsewhere
}

// hasNoDrive reports whether an error means that a person has no OneDrive, or none that we may see.
// Source: 400 for people without one: github.com/OneDrive/onedrive-api-docs/issues/1572, read 2026-11.
func hasNoDrive(err error) bool {
	var e *graph.Error
	if errors.Is(err, graph.ErrNotGranted) || errors.Is(err, graph.ErrNotFound) {
		return true
	}
	return errors.As(err, &e) && e.Status == http.StatusBadRequest
}

// mayReadOnlyNamedSites reports whether the only files that we may read are those of sites that an admin named. It returns
// false if our rights can't be told.
func (fs *files) mayReadOnlyNamedSites(ctx context.Context) bool {
	rights, ok, err := fs.Graph.Rights(ctx)
	if err != nil || !ok {
		return false
	}
	return rights.HasOnlyNamedSites()
}

// library is the place in which the files of a channel or a person lie.
type library struct {
	address *url.URL
	askedAt time.Time
}

// libraryLifetime is how long a library's address is remembered.
const libraryLifetime = time.Hour

// siteOf returns the site of a channel, /sites/NAME or /teams/NAME: a private or shared channel has
// its own.
func (fs *files) siteOf(ctx context.Context, channel string) (*url.URL, error) {
	folder, err := fs.libraryOf("channel "+channel, func() (string, error) {
		group, err := fs.Notes.Group(ctx, channel)
		if err != nil {
			return "", err
		}
		return fs.Graph.Folder(ctx, group, channel)
	})
	if err != nil {
		return nil, err
	}

	const partCount = 4 // nothing, "sites", NAME, and the rest, of "/sites/NAME/Shared Documents/…"
	parts := strings.SplitN(folder.Path, "/", partCount)
	if len(parts) < partCount {
		return nil, errLibrary
	}
	if parts[1] != "sites" && parts[1] != "teams" {
		return nil, errLibrary
	}

	return &url.URL{Scheme: folder.Scheme, Host: folder.Host, Path: strings.Join(parts[:partCount-1], "/")}, nil
}

// driveOf returns the address of a person's OneDrive; nil for user "".
func (fs *files) driveOf(ctx context.Context, user string) (*url.URL, error) {
	if user == "" {
		return nil, nil //nolint:nilnil // no address is below nil
	}
	return fs.libraryOf("person "+user, func() (string, error) { return fs.Graph.Drive(ctx, user) })
}

// libraryOf returns the address that is remembered under name, or asks for it.
func (fs *files) libraryOf(name string, ask func() (string, error)) (*url.URL, error) {
	known, ok := fs.libraries.Get(name)
	if ok && fs.Now().Sub(known.askedAt) < libraryLifetime {
		return known.address, nil
	}

	address, err := ask()
	if err != nil {
		return nil, err
	}

	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, errLibrary
	}
	if u.Scheme != "https" && !rest.IsLocalURL(address) {
		return nil, errLibrary
	}

	at := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: path.Clean(u.Path)}
	if strings.Count(at.Path, "/") < 2 { // a whole host belongs to no single channel or person
		return nil, errLibrary
	}

	fs.libraries.Put(name, library{address: at, askedAt: fs.Now()})
	return at, nil
}

// addressBelow reports whether a file's address is below a place, and returns the address that is to be read. It builds
// that from the checked parts, without the query, which could name another file. SharePoint's paths ignore case.
func addressBelow(place *url.URL, address string) (inside string, ok bool) {
	if place == nil {
		return "", false
	}

	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return "", false
	}
	if u.Scheme != place.Scheme || !strings.EqualFold(u.Host, place.Host) {
		return "", false
	}

	base := strings.Split(place.Path, "/")
	parts := strings.Split(path.Clean(u.Path), "/")
	if len(parts) <= len(base) || !slices.EqualFunc(base, parts[:len(base)], strings.EqualFold) {
		return "", false
	}

	file := parts[len(base):]
	if slices.ContainsFunc(file, mayLeadAway) {
		return "", false
	}

	read := url.URL{Scheme: place.Scheme, Host: place.Host, Path: place.Path + "/" + strings.Join(file, "/")}
	return read.String(), true
}

// mayLeadAway reports whether a part of a path could lead to another place on a server that decodes it once
// more, or that takes a backslash for a slash.
func mayLeadAway(part string) bool {
	if decoded, err := url.PathUnescape(part); err == nil {
		part = decoded
	}
	return strings.ContainsAny(part, `/\`) || strings.Trim(part, ". ") == ""
}
