;;; support.el --- What the two sessions share: waiting, saying, the sample repository  -*- lexical-binding: t -*-

;; Environment: SERVER (the program), WORK (where tests/sample has put the repository).

(require 'cl-lib)

(defvar passed 0)

(defun eventually (what test)
  "Wait until TEST is true; an error with WHAT after a minute."
  (let ((end (+ (float-time) 60)) found)
    (while (not (or (setq found (funcall test)) (> (float-time) end)))
      (accept-process-output nil 0.05))
    (unless found (error "Not reached: %s" what))
    found))

(defun case-passed (name)
  (setq passed (1+ passed))
  (princ (format "ok   %s\n" name)))

(defun open-sample (file)
  "Open FILE of the sample repository in a mode for programs."
  (find-file (expand-file-name (concat "sample/" file) (getenv "WORK")))
  (setq-local create-lockfiles nil make-backup-files nil)
  (python-mode))

(defun finish ()
  (dolist (buffer (buffer-list))
    (with-current-buffer buffer (set-buffer-modified-p nil)))
  (princ (format "%d passed, 0 failed\n" passed))
  (kill-emacs 0))
