package difypool

// How a connection comes about: look, start the service if it may be started, wait, look again.

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	patience     = 10 * time.Second // that a service which was there is given to come back
	startLimit   = 30 * time.Second // that difypoold has to say that it listens
	helloLimit   = 5 * time.Second  // that a service which took the connection has for its first answer
	pauseFirst   = 5 * time.Millisecond
	pauseLongest = 250 * time.Millisecond
	installHint  = "install difypool's service (`./dev install` in its source tree), or set DIFYPOOL_DAEMON to the " +
		"program difypoold, or DIFYPOOL_SOCKET to the socket of one that runs"
)

// open connects, over and over as long as that makes sense. lost: a connection was there before, so the service is
// expected back. Ends early when closed is.
func open(given string, lost bool, closed <-chan struct{}, try func(place, *net.UnixConn) error) error {
	begun := time.Now()
	answered := false
	for pause := pauseFirst; ; pause = longer(pause) {
		p, err := locate(given)
		if err == nil {
			err = p.prepare()
		}
		if err != nil {
			return err
		}
		err = dial(p, try)
		if err == nil {
			return nil
		}
		answered = answered || codeOf(err) != noService
		if codeOf(err) == noService && p.mayStart {
			if err = start(p); err == nil {
				answered = true
				if err = dial(p, try); err == nil {
					return nil
				}
			}
		}
		expected := p.kind == placeShared || ((lost || answered) && codeOf(err) != "not_installed")
		if !errors.Is(err, Unreachable) || !expected || time.Since(begun) >= patience {
			return err
		}
		select {
		case <-time.After(pause):
		case <-closed:
			return errClosed()
		}
	}
}

func longer(pause time.Duration) time.Duration {
	if pause *= 2; pause > pauseLongest {
		return pauseLongest
	}
	return pause
}

func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func dial(p place, try func(place, *net.UnixConn) error) error {
	socket, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: p.path, Net: "unix"})
	if err != nil {
		return p.refused(err)
	}
	if err = p.checkPeer(socket); err == nil {
		err = try(p, socket)
	}
	if err != nil {
		socket.Close()
	}
	return err
}

// findDaemon gives the difypoold that would be started.
func findDaemon() (string, error) {
	if named := os.Getenv("DIFYPOOL_DAEMON"); named != "" {
		return named, nil
	}
	if path, err := exec.LookPath("difypoold"); err == nil && filepath.IsAbs(path) {
		return path, nil
	}
	if own, err := os.Executable(); err == nil {
		prefix := filepath.Dir(filepath.Dir(own))
		for _, folder := range []string{"bin", "sbin", "libexec/difypool"} {
			if path, err := exec.LookPath(filepath.Join(prefix, folder, "difypoold")); err == nil {
				return path, nil
			}
		}
	}
	return "", fail(Unreachable, "not_installed", installHint, "no difypool service runs, and there is no difypoold to start one")
}

// start starts a private service; it returns once its launcher said that one answers, whoever started it.
//
// Standard error goes to a file rather than a pipe: the service that stays behind may hold on to it.
func start(p place) error {
	daemon, err := findDaemon()
	if err != nil {
		return err
	}
	complaint, err := os.CreateTemp("", "difypoold-stderr")
	if err != nil {
		return fail(Unreachable, "start", "", "cannot start %s: %v", daemon, err)
	}
	defer complaint.Close()
	os.Remove(complaint.Name())
	launcher := exec.Command(daemon, "--on-demand", "--socket", p.path)
	launcher.Stderr = complaint
	// A process group of its own keeps a Ctrl-C at the terminal from ending the launcher half-way.
	launcher.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err = launcher.Start(); err != nil {
		return fail(Unreachable, "not_installed", installHint, "%s cannot be run: %v", daemon, err)
	}
	patience := time.AfterFunc(startLimit, func() { _ = launcher.Process.Kill() })
	err = launcher.Wait()
	patience.Stop()
	if err == nil {
		return nil
	}
	_, _ = complaint.Seek(0, io.SeekStart)
	said, _ := io.ReadAll(io.LimitReader(complaint, 4096))
	why := strings.TrimSpace(string(said))
	if why == "" {
		why = err.Error()
	}
	return fail(Unreachable, "start", "", "%s could not start a service on %s: %s", daemon, p.path, why)
}
