package difypool

// Where the service is, and whether what stands there may be given a key (proto/PROTOCOL.md, section 2).

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	socketPathMax = 107
	noService     = "no_service"
)

// Roots of the search; tests point them elsewhere.
var (
	sharedRoot    = "/run/difypool"
	runtimeRoot   = "/run/user"
	temporaryRoot = "/tmp"
)

type placeKind int

const (
	placeGiven   placeKind = iota // by name
	placeShared                   // an operator's
	placePrivate                  // of this user alone
)

type place struct {
	path     string
	kind     placeKind
	mayStart bool
}

// locate gives the place to use; given goes before $DIFYPOOL_SOCKET, and both are a path or ipc://PATH.
func locate(given string) (place, error) {
	start := os.Getenv("DIFYPOOL_AUTOSTART") != "0"
	if given == "" {
		given = os.Getenv("DIFYPOOL_SOCKET")
	}
	var p place
	uid := os.Geteuid()
	runtime := filepath.Join(runtimeRoot, fmt.Sprint(uid))
	switch {
	case given != "":
		path := strings.TrimPrefix(given, "ipc://")
		absolute, err := filepath.Abs(path)
		if err != nil {
			return p, fail(InvalidRequest, "path", "", "the socket's path %q: %v", path, err)
		}
		p = place{absolute, placeGiven, start && path == given}
	case isDirectory(sharedRoot):
		p = place{filepath.Join(sharedRoot, "socket"), placeShared, false}
	case isOurs(runtime, uid):
		p = place{filepath.Join(runtime, "difypool", "socket"), placePrivate, start}
	default:
		p = place{filepath.Join(temporaryRoot, fmt.Sprintf("difypool-%d", uid), "socket"), placePrivate, start}
	}
	if len(p.path) > socketPathMax {
		return p, fail(InvalidRequest, "path_too_long", "set DIFYPOOL_SOCKET to a shorter one",
			"the socket's path %q is longer than the %d bytes that the system allows", p.path, socketPathMax)
	}
	return p, nil
}

func isDirectory(path string) bool {
	found, err := os.Stat(path)
	return err == nil && found.IsDir()
}

func isOurs(path string, uid int) bool {
	found, err := os.Lstat(path)
	return err == nil && found.IsDir() && ownerOf(found) == uid
}

func ownerOf(found fs.FileInfo) int {
	if stat, ok := found.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return -1
}

// prepare makes sure that the directory of a private service is a real one, ours alone; it makes it where it is absent.
func (p place) prepare() error {
	if p.kind != placePrivate {
		return nil
	}
	directory := filepath.Dir(p.path)
	// syscall.Mkdir with the umask cannot give more than 0700.
	if err := os.Mkdir(directory, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fail(Denied, "directory", "", "cannot make the directory %s: %v", directory, err)
	}
	found, err := os.Lstat(directory)
	if err == nil && found.IsDir() && ownerOf(found) == os.Geteuid() && found.Mode()&(fs.ModePerm|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky) == 0o700 {
		return nil
	}
	return fail(Denied, "directory", "remove it if it is yours, else set DIFYPOOL_SOCKET to a path of your own",
		"%s is not a directory of this user alone (mode 0700); no key is sent there", directory)
}

// refused says what a failed connect means.
func (p place) refused(err error) *Error {
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOTDIR):
		hint := ""
		if p.kind == placeShared {
			hint = "is the system's difypoold running? `systemctl status difypoold`"
		}
		return fail(Unreachable, noService, hint, "no difypool service answers on %s", p.path)
	case errors.Is(err, fs.ErrPermission):
		hint := "set DIFYPOOL_SOCKET to a socket of your own"
		if p.kind == placeShared {
			hint = "ask for membership of the group difypool: `usermod -aG difypool USER`, then log in again"
		}
		return fail(Denied, "socket_permission", hint, "no permission to connect to %s", p.path)
	}
	return fail(Unreachable, "connect", "", "cannot connect to %s: %v", p.path, err)
}

// checkPeer refuses a server that somebody else runs, before anything secret is sent.
func (p place) checkPeer(socket *net.UnixConn) error {
	access, err := socket.SyscallConn()
	if err != nil {
		return p.refused(err)
	}
	var peer *syscall.Ucred
	var failure error
	err = access.Control(func(descriptor uintptr) {
		peer, failure = syscall.GetsockoptUcred(int(descriptor), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err == nil {
		err = failure
	}
	if err != nil {
		return p.refused(err)
	}
	return p.judge(int(peer.Uid))
}

// judge says whether the user uid may stand behind the socket.
func (p place) judge(uid int) error {
	if uid == os.Geteuid() || (p.kind != placePrivate && (uid == 0 || guards(p.path, uid))) {
		return nil
	}
	return fail(Denied, "peer_uid", "set DIFYPOOL_SOCKET to a service that you trust",
		"the service on %s runs as uid %d, which is neither this user nor one that may stand there", p.path, uid)
}

// guards tells whether the socket file is that user's, in a directory that only that user and root can write.
func guards(path string, uid int) bool {
	file, err := os.Stat(path)
	if err != nil || ownerOf(file) != uid {
		return false
	}
	directory, err := os.Stat(filepath.Dir(path))
	if err != nil || directory.Mode().Perm()&0o022 != 0 {
		return false
	}
	owner := ownerOf(directory)
	return owner == 0 || owner == uid
}
