#!/bin/sh
# What CodeBuild does for an image (stacks/constructs/image-project.ts): audits what goes into it, builds it, pushes it. An image
# that is there already is used as it is. Each step has a limit, so that one that hangs ends within minutes.
#   IMAGE_URI, REPOSITORY, REGISTRY   where the image goes
#   DOCKERFILE                        what it is built by, from this folder
#   AUDIT                             which packages it has: npm or python
set -eu

# Runs a step for so many minutes at most, and says what to look at when it takes longer.
step() {
  minutes=$1
  shift
  status=0
  timeout --kill-after=30 "${minutes}m" "$@" || status=$?
  [ "$status" -ne 124 ] || echo "Stopped after $minutes minutes: $*" >&2
  return "$status"
}

if aws ecr describe-images --repository-name "$REPOSITORY" --image-ids "imageTag=${IMAGE_URI##*:}" >/dev/null 2>&1; then
  echo "$IMAGE_URI exists"
  exit 0
fi

audited=0
step 5 node setup/audit.mjs "$AUDIT" || audited=$?
case $audited in
  0) ;;
  1)
    echo "Nothing is built: something vulnerable would go into the image (see above)." >&2
    exit 1
    ;;
  *)
    # Nothing is known to be wrong; a database that is down must not keep a deployment from a fix.
    echo "WARNING: the $AUDIT packages were NOT AUDITED (see above). The image is built all the same; run npm run audit where the database can be reached." >&2
    ;;
esac

for base in $(sed -n 's/^FROM \([^ $]*\).*/\1/p' "$DOCKERFILE" | sort -u); do
  step 5 docker pull --quiet "$base" || {
    echo "The base image $base cannot be pulled. If its registry no longer has it, run npm run pin:images and deploy again." >&2
    exit 1
  }
done

aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"
step 20 docker build --file "$DOCKERFILE" --tag "$IMAGE_URI" .
step 10 docker push "$IMAGE_URI"
