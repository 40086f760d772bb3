package teams

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// Agents attach files to their messages, and Parley reads them with Graph, Microsoft's API. Graph may let Parley read
// files that the agent may not read. An agent could otherwise attach the address of somebody else's file and have it
// sent to a customer. So an attached file is read only if its address is in the SharePoint site of the channel or in
// the author's OneDrive. This file looks up the addresses of these, and checks the address of the file. For example:
//
//	channel's site  https://contoso.sharepoint.com/sites/support
//	allowed         https://contoso.sharepoint.com/sites/support/Shared Documents/invoice.pdf
//	refused         https://contoso.sharepoint.com/sites/support/../hr/salaries.xlsx

// fileElsewhere is what people are told about a file that isn't read because of its address.
const fileElsewhere = "it lies outside this team's files and your OneDrive. Upload it to this channel, or choose Reply and “Attach files…”"

// Errors of allowedAddress, besides those of graph and connector.
var (
	errElsewhere = errors.New(fileElsewhere)
	errLibrary   = errors.New("teams: Graph tells no library")
)

// allowedAddress returns the address at which Graph may read an attached file. o has the channel in which it was
// attached, and its author.
// Errors: errElsewhere if the file must not be read. Any other error means that this can't be decided at the moment,
// because Graph doesn't say where the files of the channel or the author are.
func (fs *files) allowedAddress(ctx context.Context, o Origin, address string) (string, error) {
	if o.Channel == "" {
		return "", errElsewhere
	}

	address = Escape(address)
	site, errSite := fs.siteOf(ctx, o.Channel)
	if inside, ok := Below(site, address); ok {
		return inside, nil
	}

	drive, errDrive := fs.driveOf(ctx, o.Author)
	if inside, ok := Below(drive, address); ok {
		return inside, nil
	}
	if errors.Is(errSite, ErrNotGranted) && fs.mayReadOnlyNamedSites(ctx) {
		return address, nil // Graph itself refuses all sites except those that an admin has named
	}
	if errSite != nil {
		return "", errSite
	}
	if errDrive != nil && !hasNoDrive(errDrive) {
		return "", errDrive
	}

	return "", errElsewhere
}

// hasNoDrive reports whether an error means that a person has no OneDrive, or none that we may read.
// Source: 400 for people without one: github.com/OneDrive/onedrive-api-docs/issues/1572, read 2026-11.
func hasNoDrive(err error) bool {
	var e *GraphError
	if errors.Is(err, ErrNotGranted) || errors.Is(err, ErrNotFound) {
		return true
	}
	return errors.As(err, &e) && e.Status == http.StatusBadRequest
}

// mayReadOnlyNamedSites reports whether Graph lets us read only the files of sites that an admin has named. It returns
// false if that can't be determined.
func (fs *files) mayReadOnlyNamedSites(ctx context.Context) bool {
	rights, ok, err := fs.Graph.Rights(ctx)
	if err != nil || !ok {
		return false
	}
	return rights.HasOnlyNamedSites()
}

// library is the address below which the files of a channel or a person are.
type library struct {
	address *url.URL
	askedAt time.Time // when Graph returned the address
}

// libraryLifetime is how long a library is cached.
const libraryLifetime = time.Hour

// siteOf returns the SharePoint site of a channel, with the path /sites/NAME or /teams/NAME. A private or shared channel
// has its own site.
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

	const partCount = 4 // of "/sites/NAME/Shared Documents/…": "", "sites", NAME, and the rest
	parts := strings.SplitN(folder.Path, "/", partCount)
	if len(parts) < partCount {
		return nil, errLibrary
	}
	if parts[1] != "sites" && parts[1] != "teams" {
		return nil, errLibrary
	}

	return &url.URL{Scheme: folder.Scheme, Host: folder.Host, Path: strings.Join(parts[:partCount-1], "/")}, nil
}

// driveOf returns the address of a person's OneDrive; nil if user is "".
func (fs *files) driveOf(ctx context.Context, user string) (*url.URL, error) {
	if user == "" {
		return nil, nil //nolint:nilnil // no address is below nil
	}
	return fs.libraryOf("person "+user, func() (string, error) { return fs.Graph.Drive(ctx, user) })
}

// libraryOf returns the address that is cached under key. If there is none, or it is too old, it calls ask for it.
// Errors: ask's; errLibrary for an address that can't be right, such as that of a whole host.
func (fs *files) libraryOf(key string, ask func() (string, error)) (*url.URL, error) {
	cached, ok := fs.libraries.Get(key)
	if ok && fs.Now().Sub(cached.askedAt) < libraryLifetime {
		return cached.address, nil
	}

	address, err := ask()
	if err != nil {
		return nil, err
	}

	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, errLibrary
	}
	if u.Scheme != "https" && !IsLocalURL(address) {
		return nil, errLibrary
	}

	at := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: path.Clean(u.Path)}
	if strings.Count(at.Path, "/") < 2 { // a whole host doesn't belong to a single channel or person
		return nil, errLibrary
	}

	fs.libraries.Put(key, library{address: at, askedAt: fs.Now()})
	return at, nil
}
