package tenant

import (
	"cmp"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// Library keeps the organisation's files and pictures. Guarded by the lock.
type Library struct {
	*Ground
	Org   *Directory
	ByID  map[string]*File
	sites []string // addresses of those whose files Sites.Selected opens
}

// NewLibrary returns an empty library. Reset must be called before it is used.
func NewLibrary(o *Directory) *Library { return &Library{Ground: o.Ground, Org: o} }

// Reset forgets all files. Caller holds the lock.
func (l *Library) Reset() { l.ByID, l.sites = map[string]*File{}, nil }

// KeepFile stores a person's file in the channel's document library or in the OneDrive, or a
// pasted picture as hosted content. Caller holds the lock.
func (l *Library) KeepFile(user, place string, in NewFile) *File {
	kind, _, _ := strings.Cut(http.DetectContentType(in.Data), ";")
	f := &File{ID: l.GUID("file"), Name: in.Name, Type: cmp.Or(in.Type, kind), Size: int64(len(in.Data)), Image: in.Image, Data: in.Data}
	switch ch := l.Org.Channels[place]; {
	case in.URL != "":
		f.URL, f.Elsewhere = in.URL, true
	case f.Image:
		f.URL = l.imageURL(f)
	case in.OneDrive, ch == nil, ch.Person != "":
		f.URL = l.DriveURL(user) + "/Microsoft%20Teams%20Chat%20Files/" + url.PathEscape(f.Name)
	default:
		f.URL = l.FolderURL(ch) + "/" + url.PathEscape(f.Name)
	}

	l.ByID[f.ID] = f
	l.Note(Change{Kind: "file", ID: f.ID, Channel: place})
	return f
}

// OpenSite opens a channel's site to apps with Sites.Selected. Caller holds the lock.
func (l *Library) OpenSite(ch *Room) { l.sites = append(l.sites, l.SiteURL(ch)) }

// IsInOpenSite reports whether a file lies in a site that OpenSite opened. Caller holds the lock.
func (l *Library) IsInOpenSite(f *File) bool {
	return slices.ContainsFunc(l.sites, func(site string) bool { return strings.HasPrefix(f.URL, site+"/") })
}

// SiteURL is the address of a channel's site: the team's, or a private or shared channel's own.
func (l *Library) SiteURL(ch *Room) string {
	const teamLength, channelLength = 8, 6 // enough to tell the sites of one organisation apart
	name := l.Org.Teams[ch.Team].GroupID[:teamLength]
	if ch.Kind == KindPrivate || ch.Kind == KindShared {
		name += "-" + Hash("site", ch.ID)[:channelLength]
	}
	return l.Host.URL() + "/sites/" + name
}

// FolderURL is the address of a channel's folder in SharePoint.
func (l *Library) FolderURL(ch *Room) string {
	return l.SiteURL(ch) + "/Shared%20Documents/" + url.PathEscape(ch.Name)
}

// DriveURL is the address of a person's OneDrive.
func (l *Library) DriveURL(user string) string {
	name := user
	u := l.Org.Users[user]
	if u != nil && u.Email != "" {
		name = u.Email
	}
	return l.Host.URL() + "/personal/" + strings.NewReplacer("@", "_", ".", "_").Replace(name) + "/Documents"
}

// Find finds the file at an address, as SharePoint reads one: without case, and resolved.
func (l *Library) Find(address string) *File {
	for _, f := range l.ByID {
		isInLibrary := !f.Image && !f.Elsewhere
		if isInLibrary && strings.EqualFold(resolveAddress(f.URL), resolveAddress(address)) {
			return f
		}
	}
	return nil
}

// resolveAddress returns host and path of an address, without ".." in it; "" for what is no address.
func resolveAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host + path.Clean(u.Path)
}

// imageURL is where the bot gets a pasted picture with its token.
func (l *Library) imageURL(f *File) string {
	return l.ServiceAddress() + "v3/attachments/" + f.ID + "/views/original"
}

// DownloadURL is an address that needs no token: nobody can guess what stands behind "tempauth=". The real one is
// short-lived.
func (l *Library) DownloadURL(f *File) string {
	const secretLength = 24
	return l.Host.URL() + "/download/" + f.ID + "?tempauth=" + Hash("download", f.ID)[:secretLength]
}
