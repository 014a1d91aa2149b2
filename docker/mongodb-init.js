// Makes the replica set and its one user, once. Run again, it changes nothing.
const password = process.env.MONGODB_PASSWORD;
const members = ["mongodb", "mongodb-2", "mongodb-3"].map((host, index) => ({
  _id: index,
  host: `${host}:27017`,
  // The first is where the user is made, so it should be the primary when it can.
  priority: index === 0 ? 2 : 1,
}));

function signedIn() {
  try {
    return db.auth("botcore", password).ok === 1;
  } catch (error) {
    return false;
  }
}

if (!signedIn()) {
  try {
    rs.initiate({ _id: "rs0", members });
  } catch (error) {
    if (error.codeName !== "AlreadyInitialized") throw error;
  }
  while (!db.hello().isWritablePrimary) sleep(500);
  db.createUser({ user: "botcore", pwd: password, roles: ["root"] });
}
