package teams

import (
	"net/url"
	"path"
	"slices"
	"strings"
)

// Escape escapes the path of a file's address, if Graph has given it without escapes, and leaves out the query then.
// Otherwise a file's name could end at a "#", or a "%" in it could begin an escape:
//
//	https://contoso.sharepoint.com/sites/support/Shared Documents/Invoice #12.pdf
//
// An address with both "#" and "%", but no blank, counts as escaped.
func Escape(address string) string {
	_, err := url.Parse(address)
	hasBareHash := strings.Contains(address, "#") && !strings.Contains(address, "%")
	if err == nil && !hasBareHash && !strings.Contains(address, " ") {
		return address
	}

	scheme, afterScheme, hasScheme := strings.Cut(address, "://")
	host, file, hasFile := strings.Cut(afterScheme, "/")
	if !hasScheme || !hasFile {
		return address
	}
	file, _, _ = strings.Cut(file, "?") // no name of a file has a question mark
	return scheme + "://" + host + (&url.URL{Path: "/" + file}).EscapedPath()
}

// Below reports whether a file's address is below a folder, and returns the address to read. It builds that
// address from the parts that it has checked, without the query, which could name another file. It ignores case in
// paths, as SharePoint does. If folder is nil, ok is false.
func Below(folder *url.URL, address string) (inside string, ok bool) {
	if folder == nil {
		return "", false
	}

	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return "", false
	}
	if u.Scheme != folder.Scheme || !strings.EqualFold(u.Host, folder.Host) {
		return "", false
	}

	base := strings.Split(folder.Path, "/")
	parts := strings.Split(path.Clean(u.Path), "/")
	if len(parts) <= len(base) || !slices.EqualFunc(base, parts[:len(base)], strings.EqualFold) {
		return "", false
	}

	file := parts[len(base):]
	if slices.ContainsFunc(file, mayEscape) {
		return "", false
	}

	checked := url.URL{Scheme: folder.Scheme, Host: folder.Host, Path: folder.Path + "/" + strings.Join(file, "/")}
	return checked.String(), true
}

// mayEscape reports whether an element of a path could lead out of the folder. A server could decode the element a
// second time, or treat a backslash as a slash, and elements such as ".." lead upwards.
func mayEscape(part string) bool {
	if decoded, err := url.PathUnescape(part); err == nil {
		part = decoded
	}
	return strings.ContainsAny(part, `/\`) || strings.Trim(part, ". ") == ""
}
