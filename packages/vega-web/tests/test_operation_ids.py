"""The operationId of each operation is unique: the name of its use case, with method or tag where two have the same."""

import warnings
from typing import Any

from pydantic import BaseModel

from vega.patterns import Interactor
from vega.web import Router


class Rename(Interactor[str]):
    class Input(BaseModel):
        id: str = ""

    async def call(self) -> str:
        return self.input.id


def another() -> Any:
    class Rename(Interactor[int]):
        async def call(self) -> int:
            return 1

    return Rename


def ids_of(shop: Any, *routers: Router) -> dict[str, str]:
    """Return the operation ids by method and path; no duplicate may be left to FastAPI's warning."""
    app = shop(*routers)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paths = app.openapi()["paths"]
    found = {f"{method} {path}": each["operationId"] for path, of in paths.items() for method, each in of.items()}
    return {place: name for place, name in found.items() if "/health/" not in place}


def test_one_route_has_the_name_of_its_use_case(shop: Any) -> None:
    router = Router()
    router.put("/users/{id}", use_case=Rename)

    assert ids_of(shop, router) == {"put /users/{id}": "rename"}


def test_one_use_case_on_two_methods_gets_the_method_too(shop: Any) -> None:
    router = Router()
    router.put("/users/{id}", use_case=Rename)
    router.patch("/users/{id}", use_case=Rename)
    router.post("/orders/rename", use_case=another())

    assert ids_of(shop, router) == {
        "put /users/{id}": "rename_put",
        "patch /users/{id}": "rename_patch",
        "post /orders/rename": "rename_post",
    }


def test_two_use_cases_of_one_name_and_method_get_their_tags_too(shop: Any) -> None:
    users, orders = Router(tags=["Users & more"]), Router(tags=["orders"])
    users.put("/users/{id}", use_case=Rename)
    orders.put("/orders/{id}", use_case=Rename)

    assert ids_of(shop, users, orders) == {
        "put /users/{id}": "users_more_rename",
        "put /orders/{id}": "orders_rename",
    }


def test_what_no_name_tells_apart_is_named_by_method_and_path(shop: Any) -> None:
    router = Router()
    router.put("/users/{id}", use_case=Rename)
    router.put("/orders/{id}", use_case=Rename)

    assert ids_of(shop, router) == {
        "put /users/{id}": "rename_users__id__put",
        "put /orders/{id}": "rename_orders__id__put",
    }


def test_an_id_of_the_users_own_stays_and_no_other_takes_it(shop: Any) -> None:
    router = Router()
    router.put("/users/{id}", use_case=Rename)
    router.put("/orders", use_case=another(), operation_id="rename")

    assert ids_of(shop, router) == {"put /users/{id}": "rename_put", "put /orders": "rename"}


def test_the_mark_of_the_name_is_not_in_the_document(shop: Any) -> None:
    router = Router()
    router.put("/users/{id}", use_case=Rename, openapi_extra={"x-mine": 1})

    document = shop(router).openapi()

    assert "x-vega" not in str(document)
    assert document["paths"]["/users/{id}"]["put"]["x-mine"] == 1
