package teamsfake

import (
	"cmp"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// Library keeps the files and pasted pictures of the emulated organisation. Teams itself stores no files: those of a channel
// are in the document library of the team's SharePoint site, others in the author's OneDrive, and a message has only their
// URL. Pasted pictures are stored with the message, as its "hosted content". The lock guards the fields.
type Library struct {
	*Ground
	Org   *Directory
	ByID  map[string]*File
	sites []string // URLs of the sites that an app with Sites.Selected may read
}

// NewLibrary returns an empty library. Call Reset before using it.
func NewLibrary(org *Directory) *Library { return &Library{Ground: org.Ground, Org: org} }

// Reset deletes all files. The caller holds the lock.
func (l *Library) Reset() { l.ByID, l.sites = map[string]*File{}, nil }

// KeepFile records a file that a person attaches in a channel, or in a personal chat. A pasted picture becomes hosted content.
// If the file has a URL, it is stored elsewhere. Other files go to the channel's folder or to the person's OneDrive. The
// caller holds the lock.
func (l *Library) KeepFile(user, channel string, in NewFile) *File {
	kind, _, _ := strings.Cut(http.DetectContentType(in.Data), ";")
	f := &File{ID: l.GUID("file"), Name: in.Name, Type: cmp.Or(in.Type, kind), Size: int64(len(in.Data)), Image: in.Image, Data: in.Data}
	switch room := l.Org.Channels[channel]; {
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
	l.Note(Change{Kind: "file", ID: f.ID, Channel: channel})
	return f
}

// OpenSite lets apps with the permission Sites.Selected read the files of a channel's site. The caller holds the lock.
func (l *Library) OpenSite(room *Room) { l.sites = append(l.sites, l.SiteURL(room)) }

// IsInOpenSite reports whether a file is in a site that OpenSite has opened. The caller holds the lock.
func (l *Library) IsInOpenSite(f *File) bool {
	return slices.ContainsFunc(l.sites, func(site string) bool { return strings.HasPrefix(f.URL, site+"/") })
}

// SiteURL returns the URL of a channel's SharePoint site. A private or shared channel has a site of its own, others share the
// site of their team.
func (l *Library) SiteURL(room *Room) string {
	const teamLength, channelLength = 8, 6 // enough for unique names within one organisation
	name := l.Org.Teams[room.Team].GroupID[:teamLength]
	if room.Kind == KindPrivate || room.Kind == KindShared {
		name += "-" + Hash("site", room.ID)[:channelLength]
	}
	return l.Host.URL() + "/sites/" + name
}

// FolderURL returns the URL of a channel's folder in SharePoint.
func (l *Library) FolderURL(room *Room) string {
	return l.SiteURL(room) + "/Shared%20Documents/" + url.PathEscape(room.Name)
}

// DriveURL returns the URL of a person's OneDrive.
func (l *Library) DriveURL(user string) string {
	name := user
	u := l.Org.Users[user]
	if u != nil && u.Email != "" {
		name = u.Email
	}
	return l.Host.URL() + "/personal/" + strings.NewReplacer("@", "_", ".", "_").Replace(name) + "/Documents"
}

// Find returns the file with a URL, or nil. Like SharePoint, it ignores case and resolves "..".
func (l *Library) Find(address string) *File {
	for _, f := range l.ByID {
		isInSharePoint := !f.Image && !f.Elsewhere
		if isInSharePoint && strings.EqualFold(resolveAddress(f.URL), resolveAddress(address)) {
			return f
		}
	}
	return nil
}

// resolveAddress returns the host and path of a URL, with ".." resolved. It returns "" for an invalid URL.
func resolveAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host + path.Clean(u.Path)
}

// imageURL returns the URL at which the bot can read a pasted picture with its token.
func (l *Library) imageURL(f *File) string {
	return l.ServiceAddress() + "v3/attachments/" + f.ID + "/views/original"
}

// DownloadURL returns a URL at which a file can be read without a token, because the URL contains a secret. SharePoint's own
// URLs of this kind expire after a short time; these don't.
func (l *Library) DownloadURL(f *File) string {
	const secretLength = 24
	return l.Host.URL() + "/download/" + f.ID + "?tempauth=" + Hash("download", f.ID)[:secretLength]
}
