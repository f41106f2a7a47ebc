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

;; The package under test.
(load (expand-file-name "deep-review" (file-name-directory load-file-name)))
(setq deep-review-command (list (getenv "SERVER") "lsp"))

(defvar said nil "Messages to the user, the newest first.")
(advice-add 'message :before (lambda (format &rest args) (when format (push (apply #'format format args) said))))

(defun was-said (text)
  (seq-find (lambda (it) (string-match-p (regexp-quote text) it)) said))

(defun wanted (text buffer)
  "An error unless BUFFER has TEXT."
  (with-current-buffer buffer
    (unless (string-match-p (regexp-quote text) (buffer-string))
      (error "No %S in %s: %s" text buffer (buffer-string)))))

(defun in-the-package (file)
  "What the package adds, whichever client runs in FILE."
  (let ((code (get-file-buffer file)) (start (point)))
    (eventually "the end is told, with what came of it"
                (lambda () (was-said "Deep-review: round 1: 0 critical, 2 important, 2 suggestions (")))
    (case-passed "the beginning and the end of a review are told")
    (deep-review-list)
    (dolist (text '("give() appends before" "src/pool.py:16" "LIMIT is never used" "Claude (recorded), Codex (recorded)"))
      (wanted text "*deep-review*"))
    (goto-char (point-min))
    (search-forward "LIMIT is never used")
    (deep-review-list-visit)
    (unless (string-suffix-p "emoji.py" buffer-file-name) (error "In %s" buffer-file-name))
    (case-passed "the list of findings leads to the code")
    (pop-to-buffer code)
    (goto-char (point-min))
    (deep-review-next)
    (deep-review-next)
    (unless (and (was-said " of 4: I1 give() appends") (= (line-number-at-pos) 16))
      (error "At line %d: %S" (line-number-at-pos) said))
    (deep-review-previous)
    (unless (= (line-number-at-pos) 5) (error "At line %d" (line-number-at-pos)))
    (deep-review-next)
    (case-passed "next and previous say which one it is of how many")
    (let ((finding (seq-find (lambda (it) (string-prefix-p "give() appends" (plist-get it :title))) (deep-review--findings))))
      (deep-review-explain finding)
      (dolist (text '("stays over its limit" "Codex (recorded)" "+        self.free.append"))
        (wanted text "*deep-review finding*"))
      (pop-to-buffer code)
      (deep-review-dismiss finding "later" "in its own change")
      (eventually "dismissed" (lambda () (seq-filter (deep-review--is "dismissed") (deep-review--findings))))
      (with-current-buffer "*deep-review*" (revert-buffer))
      (wanted "dismissed" "*deep-review*")
      (pop-to-buffer code)
      (deep-review-reopen finding)
      (eventually "open again" (lambda () (= 4 (length (deep-review--open))))))
    (case-passed "explained, dismissed and opened again")
    (deep-review-report)
    (wanted "LIMIT is never used" "*deep-review report*")
    (goto-char (point-min))
    (search-forward "src/emoji.py:1")
    (backward-char 3)
    (deep-review-visit-place)
    (unless (string-suffix-p "emoji.py" buffer-file-name) (error "In %s" buffer-file-name))
    (case-passed "the report leads to the code")
    (pop-to-buffer code)
    (deep-review-agents)
    (wanted "Claude (recorded): reviewed" "*deep-review agents*")
    (case-passed "agents are shown with what they did")
    (switch-to-buffer code)
    (delete-other-windows)
    (goto-char start)))

(defun finish ()
  (dolist (buffer (buffer-list))
    (with-current-buffer buffer (set-buffer-modified-p nil)))
  (princ (format "%d passed, 0 failed\n" passed))
  (kill-emacs 0))
