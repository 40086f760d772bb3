package tenant

import (
	"cmp"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// In Teams, files lie in SharePoint: those of a channel in the document library of the team's site, others in the
// author's OneDrive. A message only has their address. Pasted pictures are kept with the message, as "hosted
// content".

// Library keeps the files and pasted pictures of the organisation. The lock guards it.
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

// KeepFile stores a file that a person attaches in a room. A pasted picture becomes hosted content. A file with a URL
// lies elsewhere, and isn't stored. Others go to the channel's folder, or to the person's OneDrive. The caller holds
// the lock.
func (l *Library) KeepFile(user, place string, in NewFile) *File {
	kind, _, _ := strings.Cut(http.DetectContentType(in.Data), ";")
	f := &File{ID: l.GUID("file"), Name: in.Name, Type: cmp.Or(in.Type, kind), Size: int64(len(in.Data)), Image: in.Image, Data: in.Data}
	switch room := l.Org.Channels[place]; {
	case in.URL != "":
		f.URL, f.Elsewhere = in.URL, true
	case f.Image:
		f.URL = l.imageURL(f)
	case in.OneDrive, room == nil, room.Person != "":
		f.URL = l.DriveURL(user) + "/Microsoft%20Teams%20Chat%20Files/" + url.PathEscape(f.Name)
	default:
		f.URL = l.FolderURL(room) + "/" + url.PathEscape(f.Name)
	}

	l.ByID[f.ID] = f
	l.Note(Change{Kind: "file", ID: f.ID, Channel: place})
	return f
}

// OpenSite lets apps with the permission Sites.Selected read the files of a channel's site. The caller holds the
// lock.
func (l *Library) OpenSite(room *Room) { l.sites = append(l.sites, l.SiteURL(room)) }

// IsInOpenSite reports whether a file lies in a site that OpenSite opened. Caller holds the lock.
func (l *Library) IsInOpenSite(f *File) bool {
	return slices.ContainsFunc(l.sites, func(site string) bool { return strings.HasPrefix(f.URL, site+"/") })
}

// SiteURL returns the address of a channel's site. A private or shared channel has a site of its own, others that of
// their team.
func (l *Library) SiteURL(room *Room) string {
	const teamLength, channelLength = 8, 6 // enough to tell the sites of one organisation apart
	name := l.Org.Teams[room.Team].GroupID[:teamLength]
	if room.Kind == KindPrivate || room.Kind == KindShared {
		name += "-" + Hash("site", room.ID)[:channelLength]
	}
	return l.Host.URL() + "/sites/" + name
}

// FolderURL is the address of a channel's folder in SharePoint.
func (l *Library) FolderURL(room *Room) string {
	return l.SiteURL(room) + "/Shared%20Documents/" + url.PathEscape(room.Name)
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

// Find returns the file at an address; nil if there is none. As in SharePoint, case doesn't matter, and ".." is
// resolved.
func (l *Library) Find(address string) *File {
	for _, f := range l.ByID {
		isInLibrary := !f.Image && !f.Elsewhere
		if isInLibrary && strings.EqualFold(resolveAddress(f.URL), resolveAddress(address)) {
			return f
		}
	}
	return nil
}

// resolveAddress returns the host and path of an address, with ".." resolved; "" if it isn't an address.
func resolveAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host + path.Clean(u.Path)
}

// imageURL returns the address at which the bot can read a pasted picture with its token.
func (l *Library) imageURL(f *File) string {
	return l.ServiceAddress() + "v3/attachments/" + f.ID + "/views/original"
}

// DownloadURL returns an address at which a file can be read without a token. Nobody can guess it, because of
// "tempauth=". In SharePoint such an address is valid only for a short time.
func (l *Library) DownloadURL(f *File) string {
	const secretLength = 24
	return l.Host.URL() + "/download/" + f.ID + "?tempauth=" + Hash("download", f.ID)[:secretLength]
}
