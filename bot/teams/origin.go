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

// Agents attach files to their messages. Graph lets Parley read any file for which it has the right, also ones that
// the agent may not see. So an attached file is read only if it lies where it belongs: in the SharePoint site of the
// channel, or in the author's OneDrive. This file finds out where these are, and checks the address of the file.

// fileElsewhere is what people are told about a file that lies elsewhere, so that it isn't read.
const fileElsewhere = "it lies outside this team's files and your OneDrive. Upload it to this channel, or choose Reply and “Attach files…”"

// Errors of allowedAddress, besides those of graph and connector.
var (
	errElsewhere = errors.New(fileElsewhere)
	errLibrary   = errors.New("teams: Graph tells no library")
)

// allowedAddress returns the address at which Graph may read an attached file. o says in which channel, and by whom,
// it was attached.
// Errors: errElsewhere if the file must not be read. Any other error means that it can't be decided now, because
// Graph doesn't tell where the files of the channel or the author lie.
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

// mayReadOnlyNamedSites reports whether Graph lets us read only the files of sites that an admin has named. It
// returns false if that can't be found out.
func (fs *files) mayReadOnlyNamedSites(ctx context.Context) bool {
	rights, ok, err := fs.Graph.Rights(ctx)
	if err != nil || !ok {
		return false
	}
	return rights.HasOnlyNamedSites()
}

// library is where the files of a channel or a person lie. askedAt is when Graph told the address.
type library struct {
	address *url.URL
	askedAt time.Time
}

// libraryLifetime is how long a library's address is remembered.
const libraryLifetime = time.Hour

// siteOf returns the site of a channel, /sites/NAME or /teams/NAME: a private or shared channel has its own.
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

// libraryOf returns the address that is remembered under name. If none is, or it is too old, it calls ask for it.
// Errors: ask's; errLibrary for an address that can't be right, such as that of a whole host.
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

// addressBelow reports whether a file's address is below that of a place, and returns the address to read. It builds
// that from the parts that it has checked, without the query, which could name another file. SharePoint ignores case
// in paths. With a nil place, ok is false.
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

// mayLeadAway reports whether a part of a path could lead to another place. A server could decode the part once more,
// or take a backslash for a slash, and parts such as ".." lead upwards.
func mayLeadAway(part string) bool {
	if decoded, err := url.PathUnescape(part); err == nil {
		part = decoded
	}
	return strings.ContainsAny(part, `/\`) || strings.Trim(part, ". ") == ""
}
